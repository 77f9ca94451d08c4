package dev.cis.api;

import java.io.InputStream;

/** A request under way: where its answers go and its upload comes from. */
public interface Call {
  /** Sends a part of a streaming answer; fails when the client has gone. */
  void item(Result item);

  /** The bytes that follow the request. To be read to the end before the first item. */
  InputStream upload();

  /** Waits until the client goes. */
  void awaitClose() throws InterruptedException;
}
