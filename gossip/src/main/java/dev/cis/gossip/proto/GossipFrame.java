package dev.cis.gossip.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What neighbours say to each other. */
public sealed interface GossipFrame {
  /** Largest frame in bytes. */
  int MAX_FRAME = Rumour.MAX_SIGNED + 32;

  /** Most ids in one {@link Have} or {@link Want}. */
  int MAX_IDS = 256;

  /**
   * A rumour.
   *
   * @param rumour what
   * @param hops how many links it has crossed on arrival, 1 to 255; not signed, for it changes
   */
  record Push(Rumour rumour, int hops) implements GossipFrame {
    /** Checks the hops. */
    public Push {
      if (hops < 1 || hops > Rumour.MAX_TTL) {
        throw new Fault(KernelCode.MALFORMED, "a push over " + hops + " links");
      }
    }
  }

  /**
   * I have these (IHAVE).
   *
   * @param ids at most {@link #MAX_IDS}
   * @param answer whether this answers an announcement: then no answer is expected
   */
  record Have(List<RumourId> ids, boolean answer) implements GossipFrame {
    /** Checks the count. */
    public Have {
      ids = limited(ids);
    }
  }

  /**
   * Send me these (IWANT, GRAFT).
   *
   * @param ids at most {@link #MAX_IDS}
   */
  record Want(List<RumourId> ids) implements GossipFrame {
    /** Checks the count. */
    public Want {
      ids = limited(ids);
    }
  }

  /**
   * The codec of frames.
   *
   * @param verifier makes a rumour of its signed form, or fails; {@link Rumour#verified}, perhaps
   *     behind a memory of what was verified already
   */
  static Codec<GossipFrame> codec(Function<Bytes, Rumour> verifier) {
    return new FrameCodec(verifier);
  }

  private static List<RumourId> limited(List<RumourId> ids) {
    if (ids.size() > MAX_IDS) {
      throw new Fault(
          KernelCode.TOO_LARGE, ids.size() + " rumour ids in one frame, limit " + MAX_IDS);
    }
    return List.copyOf(ids);
  }

  /** One field says which kind of frame it is. */
  final class FrameCodec implements Codec<GossipFrame> {
    private static final int PUSH = 1;
    private static final int HAVE = 2;
    private static final int WANT = 3;
    private static final int MAX_LIST = MAX_IDS * (RumourId.BYTES + 2) + 8;

    private final Codec<Push> push;
    private final Codec<Have> have = new HaveCodec();

    private FrameCodec(Function<Bytes, Rumour> verifier) {
      this.push = new PushCodec(verifier);
    }

    @Override
    public void write(WireWriter out, GossipFrame frame) {
      switch (frame) {
        case Push message -> out.message(PUSH, push, message);
        case Have message -> out.message(HAVE, have, message);
        case Want(var ids) -> out.message(WANT, have, new Have(ids, false));
      }
    }

    @Override
    public GossipFrame read(WireReader in) {
      GossipFrame frame = null;
      while (in.next()) {
        if (in.field() > WANT) {
          in.skip();
          continue;
        }
        if (frame != null) {
          throw new Fault(KernelCode.MALFORMED, "malformed message: two frames in one");
        }
        frame =
            switch (in.field()) {
              case PUSH -> in.message(push, MAX_FRAME);
              case HAVE -> in.message(have, MAX_LIST);
              default -> new Want(in.message(have, MAX_LIST).ids);
            };
      }
      if (frame == null) {
        throw new Fault(KernelCode.MALFORMED, "malformed message: an empty gossip frame");
      }
      return frame;
    }
  }

  /** {@code bytes signed = 1; uint32 hops = 2;}. */
  final class PushCodec implements Codec<Push> {
    private final Function<Bytes, Rumour> verifier;

    private PushCodec(Function<Bytes, Rumour> verifier) {
      this.verifier = verifier;
    }

    @Override
    public void write(WireWriter out, Push message) {
      out.bytes(1, message.rumour.signed().toByteArray()).uint(2, message.hops);
    }

    @Override
    public Push read(WireReader in) {
      var signed = Bytes.EMPTY;
      int hops = 0;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> signed = Bytes.of(in.bytes(Rumour.MAX_SIGNED));
          case 2 -> hops = in.uint(Rumour.MAX_TTL);
          default -> in.skip();
        }
      }
      return new Push(verifier.apply(signed), hops);
    }
  }

  /** {@code repeated bytes ids = 1; bool answer = 2;}. */
  final class HaveCodec implements Codec<Have> {
    private HaveCodec() {}

    @Override
    public void write(WireWriter out, Have message) {
      for (var id : message.ids) {
        out.element(1, id.bytes());
      }
      out.bool(2, message.answer);
    }

    @Override
    public Have read(WireReader in) {
      var ids = new ArrayList<RumourId>();
      boolean answer = false;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> ids.add(RumourId.of(in.exactly(RumourId.BYTES)));
          case 2 -> answer = in.bool();
          default -> in.skip();
        }
      }
      return new Have(ids, answer);
    }
  }
}
