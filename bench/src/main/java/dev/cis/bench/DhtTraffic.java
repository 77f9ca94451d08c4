package dev.cis.bench;

import dev.cis.dht.proto.DhtMessage;

/**
 * Counts what DHT nodes say: questions, answers, handshakes, and bytes of questions and answers as
 * they are encoded, without what QUIC adds. One message of 64 is encoded; it stands for the others.
 */
final class DhtTraffic {
  /** What was said between two moments, or since the beginning. */
  record Count(long questions, long answers, long dials, double bytes) {
    Count since(Count before) {
      return new Count(
          questions - before.questions,
          answers - before.answers,
          dials - before.dials,
          bytes - before.bytes);
    }

    long messages() {
      return questions + answers;
    }
  }

  private static final int EACH = 64;

  private long questions;
  private long answers;
  private long dials;
  private double bytes;

  void asked(DhtMessage.Request message) {
    if (questions++ % EACH == 0) {
      bytes += EACH * (double) DhtMessage.REQUEST.encode(message).length;
    }
  }

  void answered(DhtMessage.Response message) {
    if (answers++ % EACH == 0) {
      bytes += EACH * (double) DhtMessage.RESPONSE.encode(message).length;
    }
  }

  void dialled() {
    dials++;
  }

  Count count() {
    return new Count(questions, answers, dials, bytes);
  }
}
