package dev.cis.deploy.proto;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.identity.NodeId;
import org.jspecify.annotations.Nullable;

/** What {@link ConvergeMachine} wants done. */
public sealed interface ConvergeOutput {
  /** Remember this durably, before anything that follows is done. */
  record Save(AppRecord record) implements ConvergeOutput {}

  /** Fetch, verify and unpack a package; answered by Prepared or NotPrepared. */
  record Prepare(String app, Release release, NodeId author) implements ConvergeOutput {}

  /** Start the release, or adopt it if it is running already. */
  record Start(String app, Release release, long generation) implements ConvergeOutput {}

  /** Stop whatever runs of the application; answered by Stopped. */
  record Stop(String app, long generation) implements ConvergeOutput {}

  /** Delete everything of the application; answered by Deleted. */
  record Delete(String app) implements ConvergeOutput {}

  /** Delete one unpacked release that is no longer needed. */
  record Discard(String app, Release release) implements ConvergeOutput {}

  /** Tell the others. */
  record Report(AppState state) implements ConvergeOutput {}

  /** Answer a command; a null code means that it is obeyed. */
  record Answer(long id, @Nullable Code code, String message) implements ConvergeOutput {}
}
