package dev.cis.cli;

import picocli.CommandLine.Command;

/** Words that only group others. */
final class Groups {
  private Groups() {}

  @Command(description = "The network: start, look, talk, synchronise, deploy.")
  record P2p(Cis cis) {}

  @Command(description = "Realms: list, show, create, rotate-key, revoke, leave.")
  record Realm(Cis cis) {}

  @Command(description = "Start and stop the daemon (the same as p2p start, stop, status).")
  record Daemon(Cis cis) {}

  @Command(description = "Replicated memory: set, get, list, delete, watch.")
  record Memory(Cis cis) {}

  @Command(description = "The distributed hash table: get, put, provide, table.")
  record Dht(Cis cis) {}

  @Command(description = "Nodes, their resources and labels.")
  record Node(Cis cis) {}

  @Command(description = "Applications on all nodes.")
  record App(Cis cis) {}

  @Command(description = "The configuration of this node.")
  record Config(Cis cis) {}

  @Command(description = "Application packages: init, build, sign, verify, inspect.")
  record Packages(Cis cis) {}

  @Command(description = "Publisher keys: generate, list, trust, revoke, export.")
  record Keys(Cis cis) {}
}
