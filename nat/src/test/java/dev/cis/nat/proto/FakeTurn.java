package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.TurnClient.Output;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A TURN server as far as a client sees it, and the client, in virtual time. */
final class FakeTurn {
  static final Endpoint SERVER = StunWorld.at(192, 0, 2, 10, 3_478);
  static final Endpoint RELAYED = StunWorld.at(192, 0, 2, 10, 50_000);

  /** Requests that were answered with success, such as {@code allocate}, and data for peers. */
  final List<String> served = new ArrayList<>();

  final List<Output> told = new ArrayList<>();
  final Map<Integer, Endpoint> channels = new HashMap<>();
  final TurnClient client;
  private final byte[] key;
  private final boolean stream;
  private final SplittableRandom random = new SplittableRandom(8_656);

  /** The nonce that is valid now. */
  String nonce = "nonce-1";

  /** Error codes that are given before anything else, by method. */
  final Map<Integer, Integer> errors = new HashMap<>();

  /** Which datagrams to the server get lost. */
  java.util.function.Predicate<String> lost = _ -> false;

  boolean signed = true;
  long lifetime = 600;
  Duration uptime = Duration.ZERO;

  FakeTurn(boolean stream, String password) {
    this.stream = stream;
    this.key = TurnMessage.key("user", "realm", "password");
    this.client = new TurnClient(new TurnClient.Account(SERVER, stream, "user", password), random);
  }

  private Now now() {
    return new Now(uptime, Instant.EPOCH.plus(uptime));
  }

  void give(TurnClient.Input input) {
    client.on(now(), input, this::effect);
  }

  /** Lets time pass. */
  void pass(Duration time) {
    var until = uptime.plus(time);
    while (client.wakeAt().compareTo(until) <= 0) {
      uptime = client.wakeAt();
      client.tick(now(), this::effect);
    }
    uptime = until;
  }

  /** Until nothing more is waited for, or something is told. */
  void passUntilTold(int count) {
    while (told.size() < count && client.wakeAt().compareTo(Machine.NEVER) < 0) {
      uptime = client.wakeAt();
      client.tick(now(), this::effect);
    }
  }

  private void effect(Output output) {
    if (output instanceof TurnClient.ToServer(var message)) {
      serve(message.toByteArray());
    } else {
      told.add(output);
    }
  }

  private void serve(byte[] bytes) {
    if (TurnMessage.isChannelData(bytes)) {
      var data = TurnMessage.ChannelData.decode(bytes);
      if (stream && bytes.length % 4 != 0) {
        throw new AssertionError("not padded");
      }
      served.add("channel-data " + data.data().utf8());
      return;
    }
    var question = StunMessage.decodeLarge(bytes);
    var name = name(question);
    if (lost.test(name)) {
      return;
    }
    if (question.kind() == StunMessage.Kind.INDICATION) {
      served.add(
          name + question.attribute(TurnMessage.DATA_VALUE).map(d -> " " + d.utf8()).orElse(""));
      return;
    }
    var said = question.attribute(TurnMessage.NONCE);
    if (said.isEmpty() || !StunMessage.isIntact(bytes, key)) {
      error(question, 401);
    } else if (!said.get().utf8().equals(nonce)) {
      error(question, 438);
    } else if (errors.containsKey(question.method())) {
      error(question, errors.getOrDefault(question.method(), 0));
    } else {
      succeed(question, name);
    }
  }

  private static String name(StunMessage message) {
    return switch (message.method()) {
      case StunMessage.BINDING -> "binding";
      case TurnMessage.ALLOCATE -> "allocate";
      case TurnMessage.REFRESH ->
          "refresh " + TurnMessage.lifetime(message).map(String::valueOf).orElse("?");
      case TurnMessage.SEND -> "send";
      case TurnMessage.CREATE_PERMISSION -> "permission";
      case TurnMessage.CHANNEL_BIND -> "channel";
      default -> "method " + message.method();
    };
  }

  private void error(StunMessage question, int code) {
    var attributes =
        List.of(
            new StunMessage.Attribute(
                StunMessage.ERROR_CODE,
                Bytes.of(new byte[] {0, 0, (byte) (code / 100), (byte) (code % 100)})),
            new StunMessage.Attribute(TurnMessage.REALM, Bytes.utf8("realm")),
            new StunMessage.Attribute(TurnMessage.NONCE, Bytes.utf8(nonce)));
    var reply =
        new StunMessage(
            question.method(), StunMessage.Kind.ERROR, question.transaction(), attributes);
    give(new TurnClient.FromServer(Bytes.of(reply.encode(false))));
  }

  private void succeed(StunMessage question, String name) {
    served.add(name);
    var attributes = new ArrayList<StunMessage.Attribute>();
    if (question.method() == TurnMessage.ALLOCATE) {
      attributes.add(
          StunAddress.xored(TurnMessage.XOR_RELAYED_ADDRESS, RELAYED, question.transaction()));
    }
    if (question.method() == TurnMessage.CHANNEL_BIND) {
      byte[] number = question.attribute(TurnMessage.CHANNEL_NUMBER).orElseThrow().toByteArray();
      channels.put(
          ByteBuffer.wrap(number).getShort() & 0xFFFF,
          StunAddress.xored(question, TurnMessage.XOR_PEER_ADDRESS).orElseThrow());
    }
    attributes.add(TurnMessage.number(TurnMessage.LIFETIME, (int) lifetime));
    var reply =
        new StunMessage(
            question.method(), StunMessage.Kind.SUCCESS, question.transaction(), attributes);
    give(
        new TurnClient.FromServer(
            Bytes.of(signed ? reply.encodeSigned(key) : reply.encode(false))));
  }

  /** A datagram of a peer, in a Data indication. */
  void indicate(Endpoint peer, String data) {
    var transaction = Bytes.utf8("123456789012");
    var message =
        new StunMessage(
            TurnMessage.DATA,
            StunMessage.Kind.INDICATION,
            transaction,
            List.of(
                StunAddress.xored(TurnMessage.XOR_PEER_ADDRESS, peer, transaction),
                new StunMessage.Attribute(TurnMessage.DATA_VALUE, Bytes.utf8(data))));
    give(new TurnClient.FromServer(Bytes.of(message.encode(false))));
  }
}
