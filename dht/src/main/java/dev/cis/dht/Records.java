package dev.cis.dht;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.dht.proto.Item;
import dev.cis.dht.proto.MutableValue;
import dev.cis.dht.proto.Publication;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Values and providers: what {@link Routing} says of them, in the words of the machine. */
final class Records {
  private final Tasks tasks;
  private final Consumer<Signed<PeerRecord>> remember;

  /** {@code remember} hears of every provider that is found. */
  Records(Tasks tasks, Consumer<Signed<PeerRecord>> remember) {
    this.tasks = tasks;
    this.remember = remember;
  }

  int provide(NodeId key, Duration within) {
    return publish(new Publication.Provided(key), OptionalLong.empty(), within)
        .map(DhtOutput.Published::kept)
        .orElse(0);
  }

  List<Signed<PeerRecord>> findProviders(NodeId key, int count, Duration within) {
    var found = new ArrayList<Signed<PeerRecord>>();
    for (var item : find(key, DhtInput.Purpose.FIND_PROVIDERS, within)) {
      if (item instanceof Item.Provider provider && found.size() < count) {
        remember.accept(provider.peer());
        found.add(provider.peer());
      }
    }
    return found;
  }

  Routing.Put put(Bytes value, Duration within) {
    return put(new Item.Immutable(value), OptionalLong.empty(), within);
  }

  Routing.Put put(
      KeyPair author,
      Bytes salt,
      long sequence,
      Bytes value,
      OptionalLong expected,
      Duration within) {
    var signed = new MutableValue(salt, sequence, value).sign(author);
    return put(new Item.Mutable(signed), expected, within);
  }

  private Routing.Put put(Item item, OptionalLong expected, Duration within) {
    var published = publish(new Publication.Value(item), expected, within);
    if (published.isPresent() && published.get().newer() > published.get().kept()) {
      throw new Fault(
          DhtCode.CONFLICT,
          "the value at "
              + item.key().brief()
              + " has another sequence than expected, or one that is not lower");
    }
    return new Routing.Put(item.key(), published.map(DhtOutput.Published::kept).orElse(0));
  }

  private Optional<DhtOutput.Published> publish(
      Publication publication, OptionalLong expected, Duration within) {
    var result = tasks.run(id -> new DhtInput.Publish(id, publication, expected), within);
    return result
        .filter(DhtOutput.Published.class::isInstance)
        .map(DhtOutput.Published.class::cast);
  }

  Optional<Routing.Value> get(NodeId key, Duration within) {
    for (var item : find(key, DhtInput.Purpose.FIND_VALUE, within)) {
      if (item instanceof Item.Immutable(var value)) {
        return Optional.of(new Routing.Value(key, value, null, Bytes.EMPTY, 0));
      }
      if (item instanceof Item.Mutable(var signed)) {
        var value = signed.value();
        return Optional.of(
            new Routing.Value(key, value.value(), signed.signer(), value.salt(), value.sequence()));
      }
    }
    return Optional.empty();
  }

  private List<Item> find(NodeId key, DhtInput.Purpose purpose, Duration within) {
    var result = tasks.run(id -> new DhtInput.StartLookup(id, key, purpose), within);
    return result.isPresent() && result.get() instanceof DhtOutput.LookupDone done
        ? done.items()
        : List.of();
  }
}
