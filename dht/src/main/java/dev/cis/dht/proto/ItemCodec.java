package dev.cis.dht.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.PeerRecord;
import org.jspecify.annotations.Nullable;

/** How {@link Item} looks on the wire and on disk; reading verifies what is signed. */
public final class ItemCodec implements Codec<Item> {
  /** The codec. */
  public static final Codec<Item> ITEM = new ItemCodec();

  private static final Codec<Item.Provider> PROVIDER =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Item.Provider item) {
          out.message(1, Provision.SIGNED, item.provision())
              .message(2, PeerRecord.SIGNED, item.peer());
        }

        @Override
        public Item.Provider read(WireReader in) {
          @Nullable Signed<Provision> provision = null;
          @Nullable Signed<PeerRecord> peer = null;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> provision = in.message(Provision.SIGNED, Provision.MAX_SIGNED_BYTES);
              case 2 -> peer = in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES);
              default -> in.skip();
            }
          }
          if (provision == null || peer == null) {
            throw new Fault(KernelCode.MALFORMED, "a provider without provision or peer record");
          }
          return new Item.Provider(provision, peer);
        }
      };

  private ItemCodec() {}

  @Override
  public void write(WireWriter out, Item item) {
    switch (item) {
      case Item.Peer(var record) -> out.message(1, PeerRecord.SIGNED, record);
      case Item.Provider provider -> out.message(2, PROVIDER, provider);
      case Item.Mutable(var signed) -> out.message(3, MutableValue.SIGNED, signed);
      case Item.Immutable(var value) -> out.element(4, value.toByteArray());
    }
  }

  @Override
  public Item read(WireReader in) {
    @Nullable Item item = null;
    while (in.next()) {
      item =
          switch (in.field()) {
            case 1 ->
                DhtMessage.only(
                    item,
                    new Item.Peer(in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES)));
            case 2 -> DhtMessage.only(item, in.message(PROVIDER, Item.MAX_BYTES));
            case 3 ->
                DhtMessage.only(
                    item,
                    new Item.Mutable(
                        in.message(MutableValue.SIGNED, MutableValue.MAX_SIGNED_BYTES)));
            case 4 -> DhtMessage.only(item, new Item.Immutable(Bytes.of(in.bytes(Item.MAX_VALUE))));
            default -> item;
          };
    }
    return DhtMessage.known(item);
  }
}
