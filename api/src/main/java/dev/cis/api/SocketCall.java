package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A call over the control socket. Watches for the client's going once its upload is over. */
final class SocketCall implements Call {
  private final Frames frames;
  private final Thread serving = Thread.currentThread();
  private final CountDownLatch gone = new CountDownLatch(1);
  private final InputStream upload;
  private boolean finished;

  SocketCall(Frames frames, boolean hasUpload) {
    this.frames = frames;
    this.upload = hasUpload ? new Upload() : InputStream.nullInputStream();
    if (!hasUpload) {
      watch();
    }
  }

  private void watch() {
    var _ = Thread.ofVirtual().name("control-watch").start(this::waitForEnd);
  }

  private void waitForEnd() {
    try {
      // A client says nothing more after its request: whatever comes, the call is over.
      var _ = frames.read(Frames.Type.JSON);
    } catch (IOException | Fault e) {
      // Gone as well.
    }
    synchronized (this) {
      gone.countDown();
      if (!finished) {
        serving.interrupt();
      }
    }
  }

  /** The answer is complete: the serving thread is not to be interrupted any more. */
  synchronized void close() {
    finished = true;
    var _ = Thread.interrupted();
  }

  @Override
  public void item(Result item) {
    try {
      frames.json(Map.of("item", RecordJson.toMap((Record) item)));
    } catch (IOException e) {
      throw new Fault(ApiCode.DAEMON_LOST, "the client has gone", e);
    }
  }

  @Override
  public InputStream upload() {
    return upload;
  }

  @Override
  public void awaitClose() throws InterruptedException {
    gone.await();
  }

  /** The byte frames up to the empty one. */
  private final class Upload extends InputStream {
    private byte[] frame = {};
    private int at;
    private boolean over;

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (at == frame.length && !over) {
        next();
      }
      if (over) {
        return -1;
      }
      int count = Math.min(length, frame.length - at);
      System.arraycopy(frame, at, into, offset, count);
      at += count;
      return count;
    }

    private void next() throws IOException {
      var body = frames.read(Frames.Type.BYTES);
      if (body == null) {
        throw new IOException("the upload broke off");
      }
      frame = body;
      at = 0;
      if (body.length == 0) {
        over = true;
        watch();
      }
    }
  }
}
