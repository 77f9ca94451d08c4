package dev.cis.kernel.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class WireTest {
  private record Leaf(String text, long number) {}

  private record Tree(Bytes id, long signed, boolean flag, double real, List<Leaf> leaves) {}

  private static final Codec<Leaf> LEAF =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Leaf leaf) {
          out.string(1, leaf.text).uint(2, leaf.number);
        }

        @Override
        public Leaf read(WireReader in) {
          var text = "";
          long number = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> text = in.string(64);
              case 2 -> number = in.uint();
              default -> in.skip();
            }
          }
          return new Leaf(text, number);
        }
      };

  private static final Codec<Tree> TREE =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Tree tree) {
          out.bytes(1, tree.id.toByteArray())
              .sint(2, tree.signed)
              .bool(3, tree.flag)
              .real(4, tree.real)
              .messages(5, LEAF, tree.leaves);
        }

        @Override
        public Tree read(WireReader in) {
          var id = Bytes.EMPTY;
          long signed = 0;
          boolean flag = false;
          double real = 0;
          var leaves = new ArrayList<Leaf>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> id = Bytes.of(in.bytes(32));
              case 2 -> signed = in.sint();
              case 3 -> flag = in.bool();
              case 4 -> real = in.real();
              case 5 -> leaves.add(in.message(LEAF, 128));
              default -> in.skip();
            }
          }
          return new Tree(id, signed, flag, real, List.copyOf(leaves));
        }
      };

  private static final Tree SAMPLE =
      new Tree(
          Bytes.of(new byte[] {1, 2, 3}),
          -2,
          true,
          0.5,
          List.of(new Leaf("a", 300), new Leaf("", 0)));

  @Test
  void theBytesAreThoseOfProtocolBuffers() {
    // As protoc --decode_raw reads it: 1: "\001\002\003" 2: 3 3: 1 4: 0x3fe0... 5 {1: "a" 2: 300} 5
    // {}
    assertThat(HexFormat.of().formatHex(TREE.encode(SAMPLE)))
        .isEqualTo(
            "0a03010203" + "1003" + "1801" + "21000000000000e03f" + "2a060a016110ac02" + "2a00");
  }

  @Property(tries = 300)
  void whatIsWrittenIsRead(
      @ForAll @Size(max = 32) byte[] id,
      @ForAll long signed,
      @ForAll boolean flag,
      @ForAll double real,
      @ForAll long number) {
    var tree = new Tree(Bytes.of(id), signed, flag, real, List.of(new Leaf("ü", number)));
    assertThat(TREE.decode(TREE.encode(tree))).isEqualTo(tree);
  }

  @Test
  void unknownFieldsOfEveryTypeArePassedOver() {
    var later =
        new WireWriter()
            .uint(90, 7)
            .string(91, "new")
            .real(92, 1.5)
            .raw(new byte[] {(byte) 0xED, 0x05, 1, 2, 3, 4}) // field 93, fixed32
            .raw(TREE.encode(SAMPLE))
            .toByteArray();
    assertThat(TREE.decode(later)).isEqualTo(SAMPLE);
  }

  @Test
  void everyTruncationIsRefusedOrAMessageOfFewerFields() {
    byte[] whole = TREE.encode(SAMPLE);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        assertThat(TREE.decode(cut)).isNotEqualTo(SAMPLE);
      } catch (Fault fault) {
        assertThat(fault.code()).isEqualTo(KernelCode.MALFORMED);
      }
    }
  }

  @Test
  void aLengthIsCheckedBeforeAnythingIsAllocated() {
    // Field 1 claims 2^62 bytes, then 33, one more than its limit.
    var huge = new WireWriter().raw(new byte[] {0x0A}).varint(1L << 62).toByteArray();
    assertThatThrownBy(() -> TREE.decode(huge))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(KernelCode.TOO_LARGE));
    assertThatThrownBy(() -> TREE.decode(new WireWriter().bytes(1, new byte[33]).toByteArray()))
        .hasMessageContaining("limit 32");
  }

  @Test
  void aFieldOfAnotherTypeIsRefused() {
    assertThatThrownBy(() -> TREE.decode(new WireWriter().uint(1, 5).toByteArray()))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("wire type");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    byte[] bad = new WireWriter().bytes(1, new byte[] {(byte) 0xC3, 0x28}).toByteArray();
    assertThatThrownBy(() -> LEAF.decode(bad)).hasMessageContaining("UTF-8");
  }

  @Property(tries = 5000)
  void mutatedFramesGiveNothingButFaults(
      @ForAll @IntRange(max = 23) int at, @ForAll byte with, @ForAll @Size(max = 8) byte[] tail) {
    byte[] frame = TREE.encode(SAMPLE);
    byte[] mutated = Arrays.copyOf(frame, frame.length + tail.length);
    mutated[at % frame.length] = with;
    System.arraycopy(tail, 0, mutated, frame.length, tail.length);
    try {
      TREE.decode(mutated);
    } catch (Fault fault) {
      assertThat(fault.code()).isIn(KernelCode.MALFORMED, KernelCode.TOO_LARGE);
    }
  }
}
