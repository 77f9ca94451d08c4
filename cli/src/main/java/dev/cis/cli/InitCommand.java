package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.node.ConfigFile;
import dev.cis.node.HomeLock;
import dev.cis.node.NodeConfig;
import dev.cis.node.Settings;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.RealmCode;
import dev.cis.transport.realm.Realms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cis init}. */
@Command(
    description = "Make an identity, a private realm and a configuration file. Safe to repeat.",
    footer = {
      "",
      "Examples:",
      "  cis init --name alice                      alone in a realm of its own, until it invites",
      "  cis init --name bob --join INVITATION      in the realm that it was invited to",
      "  cis init --open                            no realm: for labs that trust their network"
    })
final class InitCommand implements Callable<Integer> {
  private final Cis cis;

  @Option(names = "--name", paramLabel = "N", description = "what people call this node")
  private String name = "";

  @Option(names = "--label", paramLabel = "K=V", description = "a label of this node")
  private List<String> labels = new ArrayList<>();

  @ArgGroup(exclusive = true)
  private Entry entry = new Entry();

  /** Into which realm. */
  static final class Entry {
    @Option(
        names = "--realm",
        paramLabel = "R",
        description = "name of a private realm to found (default: the node's name)")
    private @Nullable String realm;

    @Option(names = "--open", description = "the open realm: everybody who reaches this node is in")
    private boolean open;

    @Option(
        names = "--join",
        paramLabel = "INVITATION",
        description = "join the realm of an invitation; - reads it from standard input")
    private @Nullable String join;
  }

  InitCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var home = cis.home();
    boolean isNew = !home.isInitialized();
    var given = new TreeMap<String, String>();
    var options = new TreeMap<String, String>();
    for (var label : labels) {
      var pair = NodeCommands.label(label);
      given.put(pair.getKey(), pair.getValue());
      options.put("labels." + pair.getKey(), pair.getValue());
    }
    if (!name.isEmpty()) {
      options.put("node.name", name);
    }
    // A bad name, label or invitation is refused before anything is written.
    var config = Settings.read(home.config(), cis.environment(), options).config();
    var invited = entry.join == null ? null : RealmCommands.invitation(entry.join);
    var invitation = invited == null ? null : Invitation.parse(invited);
    if (entry.realm != null && !Realms.isName(entry.realm)) {
      throw new Fault(
          RealmCode.BAD_NAME, "'" + entry.realm + "' is no name of a realm: a-z, 0-9, . _ -");
    }
    var key = home.identityOrNew();
    boolean wrote = ConfigFile.create(home, name, given);
    var realm = enter(config, invited, invitation);
    var did = Did.of(key.nodeId()).toString();
    if (cis.json()) {
      cis.screen()
          .json(
              Map.of(
                  "node", key.nodeId().toString(),
                  "did", did,
                  "name", config.name(),
                  "home", home.toString(),
                  "realm", realm.realm(),
                  "realmName", realm.name(),
                  "created", isNew));
      return 0;
    }
    cis.screen()
        .line((isNew ? "made a new identity in " : "there is an identity already in ") + home);
    cis.screen()
        .fields(
            "node",
            key.nodeId().toString(),
            "did",
            did,
            "name",
            config.name(),
            "realm",
            realm.name());
    if (!wrote && (!name.isEmpty() || !given.isEmpty())) {
      cis.screen()
          .note(
              home.config()
                  + " was there already and is unchanged: edit it to change the name,"
                  + " use 'cis node label' for labels");
    }
    if (isNew) {
      cis.screen()
          .note(
              realm.realm().isEmpty()
                  ? "next: cis p2p start. The realm is open: whoever reaches this node is let in."
                  : entry.join != null
                      ? "next: cis p2p start"
                      : "next: cis p2p start, then cis p2p invite for the other nodes");
    }
    return 0;
  }

  /** Founds, joins or enters a realm as the options say; the home realm afterwards. */
  private Result.Realm enter(
      NodeConfig config, @Nullable String invited, @Nullable Invitation invitation) {
    if (invited != null && invitation != null) {
      var _ = RealmCommands.ask(cis, new Request.Join(invited, false), Result.Joined.class);
    } else if (!cis.client().isRunning()) {
      found(config);
    } else if (entry.realm != null || entry.open) {
      throw new Fault(CliCode.USAGE, "the node runs: stop it first, or use 'cis p2p realm create'");
    }
    return RealmCommands.ask(cis, new Request.RealmList(), Result.Realms.class).realms().getFirst();
  }

  private void found(NodeConfig config) {
    var home = cis.home();
    try (var _ = HomeLock.take(home)) {
      var realms = Realms.open(home.realms(), home.readIdentity(), config.access());
      if (entry.open) {
        realms.enterOpenRealm();
      } else if (realms.isEmpty()
          || (entry.realm != null
              && realms.list().stream().noneMatch(r -> r.name().equals(entry.realm)))) {
        var _ = realms.create(entry.realm == null ? config.realmName() : entry.realm);
      }
    }
  }
}
