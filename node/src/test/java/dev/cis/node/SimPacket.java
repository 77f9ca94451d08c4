package dev.cis.node;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.gossip.proto.GossipFrame;
import dev.cis.sync.proto.SyncMessage;

/** What simulated nodes send each other: the messages of three protocols. */
sealed interface SimPacket {
  record DhtCall(DhtMessage.Request message, long id) implements SimPacket {}

  record DhtAnswer(DhtMessage.Response message, long id) implements SimPacket {}

  record Gossip(GossipFrame frame) implements SimPacket {}

  record Sync(SyncMessage message) implements SimPacket {}
}
