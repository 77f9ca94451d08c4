package dev.cis.cli;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;

/**
 * The tree of commands. Only the commands whose words are among the arguments are built, because
 * building all of them costs more than most of them take.
 *
 * @param name the word
 * @param command makes the command
 * @param words the words that may follow
 */
record Words(String name, Function<Cis, Object> command, List<Words> words) {
  private static Words word(String name, Function<Cis, Object> command, Words... words) {
    return new Words(name, command, List.of(words));
  }

  /** Every command. */
  static Words tree() {
    return word("cis", cis -> cis, all().toArray(Words[]::new));
  }

  private static List<Words> all() {
    return List.of(
        word("init", InitCommand::new),
        P2pWords.tree(),
        word(
            "daemon",
            Groups.Daemon::new,
            word("start", StartCommand::new),
            word("stop", P2pCommands.Stop::new),
            word("status", P2pCommands.Status::new)),
        word(
            "memory",
            Groups.Memory::new,
            word("set", MemoryCommands.Put::new),
            word("get", MemoryCommands.Get::new),
            word("list", MemoryCommands.Listing::new),
            word("delete", MemoryCommands.Delete::new),
            word("watch", MemoryCommands.Watch::new)),
        word(
            "dht",
            Groups.Dht::new,
            word("get", DhtCommands.Get::new),
            word("put", DhtCommands.Put::new),
            word("provide", DhtCommands.Provide::new),
            word("table", DhtTableCommand::new)),
        word(
            "node",
            Groups.Node::new,
            word("list", NodeCommands.Listing::new),
            word("info", NodeCommands.Info::new),
            word("add", NodeCommands.Add::new),
            word("label", NodeCommands.Label::new)),
        word(
            "app",
            Groups.App::new,
            word("list", AppCommands.Listing::new),
            word("start", AppCommands.Start::new),
            word("stop", AppCommands.Stop::new),
            word("restart", AppCommands.Restart::new),
            word("remove", AppCommands.Remove::new)),
        word("logs", LogsCommand::new),
        word(
            "package",
            Groups.Packages::new,
            word("init", PackageCommands.Init::new),
            word("build", PackageCommands.Build::new),
            word("sign", PackageCommands.Sign::new),
            word("verify", PackageCommands.Verify::new),
            word("inspect", PackageCommands.Inspect::new)),
        word(
            "keys",
            Groups.Keys::new,
            word("generate", KeyCommands.Generate::new),
            word("list", KeyCommands.Listing::new),
            word("trust", KeyCommands.Trust::new),
            word("revoke", KeyCommands.Revoke::new),
            word("export", KeyCommands.Export::new)),
        word(
            "config",
            Groups.Config::new,
            word("show", ConfigCommands.Show::new),
            word("check", ConfigCommands.Check::new),
            word("path", ConfigCommands.Where::new)),
        word("demo", DemoCommand::new),
        word("doctor", DoctorCommand::new),
        word("completion", CompletionCommand::new),
        word("version", VersionCommand::new));
  }

  /** The part of the tree under {@code p2p}. */
  private static final class P2pWords {
    static Words tree() {
      return word(
          "p2p",
          Groups.P2p::new,
          word("start", StartCommand::new),
          word("stop", P2pCommands.Stop::new),
          word("status", P2pCommands.Status::new),
          word("peers", P2pCommands.Peers::new),
          word("limits", P2pCommands.Limits::new),
          word("connect", P2pCommands.Connect::new),
          word("disconnect", P2pCommands.Disconnect::new),
          word("add-peer", P2pCommands.AddPeer::new),
          word("remove-peer", P2pCommands.RemovePeer::new),
          word("ping", PathCommands.Ping::new),
          word("why", PathCommands.Why::new),
          word(
              "bandwidth",
              BandwidthCommands.Show::new,
              word("limit", BandwidthCommands.Limit::new)),
          word("counters", DiagnosticsCommands.Counters::new),
          word("qlog", DiagnosticsCommands.Qlog::new),
          word("broadcast", P2pCommands.Broadcast::new),
          word("subscribe", P2pCommands.Subscribe::new),
          word("discover", DiscoveryCommands.Discover::new),
          word("events", DiscoveryCommands.Events::new),
          word("reachable", DiscoveryCommands.Reachable::new),
          word("netcheck", NetcheckCommand::new),
          word("find", DhtCommands.Find::new),
          word("sync", P2pCommands.SyncNow::new),
          word("sync-status", P2pCommands.SyncStatus::new),
          word("invite", RealmCommands.Invite::new),
          word("join", RealmCommands.Join::new),
          word(
              "realm",
              Groups.Realm::new,
              word("list", RealmCommands.Listing::new),
              word("show", RealmCommands.Show::new),
              word("create", RealmCommands.Create::new),
              word("rotate-key", RealmCommands.RotateKey::new),
              word("revoke", RealmCommands.Revoke::new),
              word("leave", RealmCommands.Leave::new)),
          word("access", AccessCommands.Listing::new),
          word("allow", AccessCommands.Allow::new),
          word("deny", AccessCommands.Deny::new),
          word("deploy", DeployCommand::new));
    }
  }

  /**
   * The command with its children: those named among the arguments, or all of them when none is, so
   * that help and suggestions are complete.
   */
  CommandLine build(Cis cis, Set<String> arguments) {
    var line = new CommandLine(command.apply(cis));
    line.setCommandName(name);
    boolean chosen = words.stream().anyMatch(word -> arguments.contains(word.name));
    for (var word : words) {
      if (!chosen || arguments.contains(word.name)) {
        line.addSubcommand(word.name, word.build(cis, chosen ? arguments : Set.of("-")));
      }
    }
    return line;
  }
}
