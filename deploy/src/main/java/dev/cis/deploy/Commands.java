package dev.cis.deploy;

import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.AppCommand;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes signed commands, and decides which of those that arrive are obeyed. Thread-safe. */
final class Commands {
  private static final int MAX_NONCES = 10_000;

  private final PublicKey ownKey;
  private final NodeId self;
  private final Duration expiry;
  private final Supplier<Set<PublicKey>> trusted;
  private final Supplier<Now> clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<Bytes, Instant> nonces = new LinkedHashMap<>();

  Commands(
      PublicKey ownKey, Duration expiry, Supplier<Set<PublicKey>> trusted, Supplier<Now> clock) {
    this.ownKey = ownKey;
    this.self = ownKey.nodeId();
    this.expiry = expiry;
    this.trusted = trusted;
    this.clock = clock;
  }

  byte[] write(
      String app,
      @Nullable AppAction action,
      @Nullable LogQuery query,
      NodeId target,
      KeyPair signer) {
    var nonce = new byte[AppCommand.NONCE_BYTES];
    random.nextBytes(nonce);
    var until = clock.get().wall().plus(expiry);
    var command = new AppCommand(app, action, query, target, Bytes.of(nonce), until);
    return AppCommand.SIGNED.encode(command.sign(signer));
  }

  /**
   * Reads a command and checks who signed it, for whom, until when, and that it is new.
   *
   * @throws Fault when it is not to be obeyed
   */
  AppCommand read(byte[] bytes) {
    Signed<AppCommand> signed = AppCommand.SIGNED.decode(bytes);
    var command = signed.value();
    var now = clock.get().wall();
    if (!command.target().equals(self)) {
      throw new Fault(DeployCode.BAD_COMMAND, "the command is for another node");
    }
    mayCommand(signed.signer());
    // An expiry far away would have its nonce remembered for ever.
    if (!now.isBefore(command.expiry())
        || command.expiry().isAfter(now.plus(expiry.multipliedBy(2)))) {
      throw new Fault(
          DeployCode.BAD_COMMAND,
          "the command is good until "
              + command.expiry()
              + ", here it is "
              + now
              + "; compare the clocks of both nodes");
    }
    if (!isNew(command, now)) {
      throw new Fault(DeployCode.BAD_COMMAND, "the command was here before");
    }
    return command;
  }

  /** A publisher that is trusted, or this node's operator. */
  void mayCommand(PublicKey signer) {
    if (!signer.equals(ownKey) && !trusted.get().contains(signer)) {
      throw new Fault(
          DeployCode.UNTRUSTED,
          "node "
              + self.brief()
              + " does not trust the key "
              + signer.toString().substring(0, 16)
              + "...; 'cis keys trust' there changes that");
    }
  }

  private synchronized boolean isNew(AppCommand command, Instant now) {
    nonces.values().removeIf(until -> !now.isBefore(until));
    if (nonces.size() >= MAX_NONCES) {
      throw new Fault(DeployCode.BAD_COMMAND, "too many commands at once; try again in a minute");
    }
    return nonces.putIfAbsent(command.nonce(), command.expiry()) == null;
  }

  /** The code that a node named in its answer. */
  static Code code(String text) {
    for (var code : DeployCode.values()) {
      if (code.text().equals(text)) {
        return code;
      }
    }
    return DeployCode.BAD_COMMAND;
  }
}
