package dev.cis.cli;

import dev.cis.api.RealmRequests;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.HomeLock;
import dev.cis.node.Settings;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.Realms;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Realms: invite, join, list, show, create, rotate the key, revoke. With and without a daemon. */
final class RealmCommands {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(m|h|d)");
  private static final String REALM = "a realm's name or id (default: the home realm)";

  private RealmCommands() {}

  /** Asks the daemon if one runs, else does it on the files. */
  static <R extends Record & Result> R ask(Cis cis, Request request, Class<R> answer) {
    if (cis.client().isRunning()) {
      return cis.client().call(request, answer);
    }
    var home = cis.home();
    var key = home.readIdentity();
    var config = Settings.read(home.config(), cis.environment(), Map.of()).config();
    try (var _ = HomeLock.take(home)) {
      var realms = Realms.open(home.realms(), key, config.access());
      var requests = RealmRequests.offline(realms, key.nodeId(), config);
      return answer.cast(requests.handle(request));
    }
  }

  /** The same for what is answered with a message. */
  static int done(Cis cis, Request request) {
    return P2pCommands.done(cis, ask(cis, request, Result.Done.class));
  }

  /** The text of an invitation: the word itself, or standard input for {@code -}. */
  static String invitation(String word) {
    if (!word.equals("-")) {
      return word;
    }
    var in = new Scanner(System.in, StandardCharsets.UTF_8);
    return in.hasNextLine() ? in.nextLine() : "";
  }

  static long seconds(String option, String text) {
    var matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new Fault(CliCode.USAGE, option + " is a duration such as 30m, 12h or 7d");
    }
    var count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "m" -> Duration.ofMinutes(count).toSeconds();
      case "h" -> Duration.ofHours(count).toSeconds();
      default -> Duration.ofDays(count).toSeconds();
    };
  }

  @Command(
      description = "Make an invitation to a realm. It is a secret: it holds the realm's key.",
      footer = {
        "",
        "Examples:",
        "  cis p2p invite                          for a member, good for a day",
        "  cis p2p invite --role admin --expires 1h",
        "  cis p2p invite | ssh other cis p2p join -"
      })
  static final class Invite implements Callable<Integer> {
    private final Cis cis;

    @Option(names = "--realm", paramLabel = "R", description = REALM)
    private @Nullable String realm;

    @Option(names = "--role", paramLabel = "ROLE", description = "member (default) or admin")
    private @Nullable String role;

    @Option(
        names = "--expires",
        paramLabel = "D",
        description = "how long it is good: 30m, 12h, 7d (default: 1d)")
    private String expires = "1d";

    Invite(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var request = new Request.Invite(realm, role, seconds("--expires", expires));
      var made = ask(cis, request, Result.Invited.class);
      if (cis.json()) {
        cis.screen().json(made);
      } else {
        cis.screen().line(made.invitation());
      }
      cis.screen()
          .note(
              "This is a secret: whoever has it can join "
                  + made.name()
                  + " as "
                  + made.role()
                  + ". Good until "
                  + made.expires()
                  + "; take it with 'cis p2p join' or 'cis init --join'.");
      if (made.addresses().isEmpty()) {
        cis.screen()
            .note(
                "No address is in it, for this node does not run: whoever joins must find a member"
                    + " on the local network or by --bootstrap.");
      }
      return 0;
    }
  }

  @Command(
      description = "Join a realm by an invitation; before or while the node runs.",
      footer = {
        "",
        "The invitation is a secret, and other users of this machine can see the words of a",
        "command while it runs: with - it is read from standard input."
      })
  static final class Join implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "INVITATION", description = "the invitation, or - for standard input")
    private String invitation = "";

    @Option(
        names = "--as-home",
        description = "make it the home realm, also when this node shares another one with others")
    private boolean asHome;

    Join(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var text = invitation(invitation);
      var _ = Invitation.parse(text); // a bad one is better reported from here
      var joined = ask(cis, new Request.Join(text, asHome), Result.Joined.class);
      if (cis.json()) {
        cis.screen().json(joined);
      } else {
        tell(cis, joined);
      }
      return 0;
    }

    static void tell(Cis cis, Result.Joined joined) {
      cis.screen()
          .line(
              (joined.renewed() ? "renewed membership of " : "joined ")
                  + joined.name()
                  + " ("
                  + joined.realm()
                  + ")"
                  + (joined.home() ? ", the home realm" : ", beside the home realm"));
      if (joined.role().equals("admin")) {
        cis.screen().note("this node is an admin as soon as it has met the realm's founder");
      }
      if (!joined.home()) {
        cis.screen()
            .note(
                "memory, messages and deployments stay in the home realm: 'cis p2p join --as-home'"
                    + " moves them");
      }
    }
  }

  @Command(description = "The realms of this node, the home realm first.")
  static final class Listing implements Callable<Integer> {
    private final Cis cis;

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer = ask(cis, new Request.RealmList(), Result.Realms.class);
      if (cis.json()) {
        cis.screen().json(answer);
        return 0;
      }
      cis.screen()
          .table(
              List.of("REALM", "NAME", "ROLE", "KEY", "MEMBERS MET", "HOME"),
              answer.realms().stream()
                  .map(r ->
                      List.of(
                          Screen.brief(Screen.orDash(r.realm())),
                          r.name(),
                          r.revoked() ? "revoked" : r.role(),
                          r.keys().isEmpty() ? "-" : String.valueOf(r.keys().getFirst().epoch()),
                          String.valueOf(r.members().size()),
                          r.home() ? "yes" : "-"))
                  .toList());
      return 0;
    }
  }

  @Command(description = "How a realm stands: admins, keys, members met, revoked nodes.")
  static final class Show implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "REALM", arity = "0..1", description = REALM)
    private @Nullable String realm;

    Show(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      show(cis, ask(cis, new Request.RealmShow(realm), Result.Realm.class));
      return 0;
    }
  }

  @Command(description = "Found a realm with a fresh key; this node is its founder.")
  static final class Create implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NAME", description = "letters, digits, '.', '_' and '-'")
    private String name = "";

    Create(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      show(cis, ask(cis, new Request.RealmCreate(name), Result.Realm.class));
      return 0;
    }
  }

  @Command(description = "Make a new key of a realm; older ones stay good for a while.")
  static final class RotateKey implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "REALM", arity = "0..1", description = REALM)
    private @Nullable String realm;

    @Option(
        names = "--grace",
        paramLabel = "D",
        description = "how long older keys stay good: 0m, 12h, 7d (default: 7d)")
    private String grace = "7d";

    RotateKey(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var request = new Request.RealmRotateKey(realm, seconds("--grace", grace));
      show(cis, ask(cis, request, Result.Realm.class));
      return 0;
    }
  }

  @Command(
      description = {
        "Shut a node out of a realm for good: its connections end, what it writes is refused,",
        "and the realm gets a new key that it does not learn."
      })
  static final class Revoke implements Callable<Integer> {
    private final Cis cis;

    @Parameters(
        paramLabel = "NODE",
        description = "a NodeId; while the daemon runs also a name or DID")
    private String node = "";

    @Option(names = "--realm", paramLabel = "R", description = REALM)
    private @Nullable String realm;

    @Option(
        names = "--grace",
        paramLabel = "D",
        description = "how long members that are away may come back with older keys (default: 7d)")
    private String grace = "7d";

    Revoke(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      cis.confirm("Shut " + node + " out for good?");
      var request = new Request.RealmRevoke(realm, node, seconds("--grace", grace));
      show(cis, ask(cis, request, Result.Realm.class));
      return 0;
    }
  }

  @Command(
      description = {
        "Leave a realm: its keys are forgotten here, and peers that share no other realm go.",
        "Coming back takes a new invitation; a realm whose founder has left gets no new admins."
      },
      footer = {"", "Example:", "  cis p2p realm leave lab --next-home office"})
  static final class Leave implements Callable<Integer> {
    private final Cis cis;

    @Parameters(
        paramLabel = "REALM",
        description = "a realm's name or id, 'open' for the open realm")
    private String realm = "";

    @Option(
        names = "--next-home",
        paramLabel = "R",
        description = "which realm is home then; memory and topics are shared there")
    private @Nullable String home;

    Leave(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      cis.confirm("Leave " + realm + " and forget its keys?");
      return done(cis, new Request.RealmLeave(realm, home));
    }
  }

  private static void show(Cis cis, Result.Realm realm) {
    if (cis.json()) {
      cis.screen().json(realm);
      return;
    }
    cis.screen()
        .fields(
            "realm", Screen.orDash(realm.realm()),
            "name", realm.name(),
            "home", realm.home() ? "yes" : "no",
            "role", realm.revoked() ? "revoked" : realm.role(),
            "founder", realm.founder() == null ? "-" : nodes(List.of(realm.founder())),
            "admins", nodes(realm.admins()),
            "keys",
                Screen.orDash(
                    realm.keys().stream()
                        .map(RealmCommands::key)
                        .collect(Collectors.joining(", "))),
            "members met", nodes(realm.members()),
            "revoked", nodes(realm.revocations()));
  }

  private static String nodes(List<Result.RealmNode> nodes) {
    return Screen.orDash(
        nodes.stream()
            .map(n -> n.name() + " (" + Screen.brief(n.node()) + ")")
            .collect(Collectors.joining(", ")));
  }

  private static String key(Result.RealmKey key) {
    var until = key.until();
    return key.epoch()
        + (until == null
            ? " (newest)"
            : until.isBefore(Instant.now()) ? " (dropped)" : " (until " + until + ")");
  }
}
