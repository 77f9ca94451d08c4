package dev.cis.api;

import dev.cis.transport.Link;
import dev.cis.transport.PeerBook;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the facts about the connection to one peer mean, and what to do. */
final class Diagnosis {
  private record Verdict(String word, String meaning) {}

  private Diagnosis() {}

  /** The same facts with verdict and meaning. */
  static Result.Why complete(Result.Why facts) {
    var link = facts.link();
    var verdict = link == null ? apart(facts) : together(facts, link);
    return new Result.Why(
        facts.node(),
        facts.name(),
        facts.online(),
        facts.traversal(),
        facts.admitted(),
        facts.kept(),
        facts.foundBy(),
        link,
        facts.rest(),
        facts.attempts(),
        facts.relays(),
        facts.ended(),
        verdict.word(),
        verdict.meaning());
  }

  private static Verdict together(Result.Why facts, Result.WhyLink link) {
    var path = path(facts, link);
    return link.member()
        ? path
        : new Verdict(
            "other-realm",
            path.meaning()
                + " It has not proved our home realm, so it shares no memory, messages or"
                + " deployments with this node: that is all an anchor needs; anybody else has to"
                + " join ('cis p2p invite' on one, 'cis p2p join' on the other).");
  }

  private static Verdict path(Result.Why facts, Result.WhyLink link) {
    if (!link.path().equals(Link.RELAY)) {
      return new Verdict(
          "direct",
          "Connected directly, at " + link.address() + ": nothing can be better, nothing to do.");
    }
    var relay = link.relay() == null ? "a relay" : "the relay " + link.relay();
    var connected = "Connected through " + relay + "; ";
    var search = link.search();
    if (search == null && !facts.traversal()) {
      return new Verdict(
          "relayed",
          connected + "this node looks for no direct path: set p2p.enable_nat_traversal = true.");
    }
    if (isUnderWay(search)) {
      return new Verdict(
          "searching",
          connected
              + "a direct path is being looked for: wait, or watch it with 'cis p2p ping "
              + facts.name()
              + " --until-direct'.");
    }
    var again =
        link.direction().equals("inbound")
            ? " The peer, which dialled, looks again every minute."
            : link.searchSeconds() == null
                ? ""
                : " The next search begins in " + link.searchSeconds() + " s.";
    return new Verdict(
        "relayed",
        connected
            + "no direct path was found: "
            + search
            + ". The routers between the two let no packet of the other in, as when one of them"
            + " takes another outside port for each destination: see 'cis p2p netcheck' on both."
            + " One that gets a port mapping, or a forwarded UDP port and p2p.external_address,"
            + " makes it direct."
            + again);
  }

  /** As HolePunching words it; what has just been found is about to be used. */
  private static boolean isUnderWay(@Nullable String search) {
    return search == null
        || search.equals("probing")
        || search.equals("not tried yet")
        || search.startsWith("direct by ");
  }

  private static Verdict apart(Result.Why facts) {
    var name = facts.name();
    var rest = facts.rest();
    if (!facts.admitted()) {
      return new Verdict(
          "not-admitted",
          "Not connected: this node shuts it out by access.deny or access.allow; see 'cis p2p"
              + " access', and 'cis p2p allow "
              + name
              + "' to let it in.");
    }
    if (rest != null && rest.disconnected()) {
      return new Verdict(
          "disconnected",
          "Not connected because a user wanted it so ("
              + rest.reason()
              + "); neither side dials the other for "
              + rest.seconds()
              + " s more, unless a user does: 'cis p2p connect "
              + name
              + "'.");
    }
    if (any(facts, PeerBook::isRefusal)) {
      return new Verdict(
          "refused",
          "Not connected: it answers and has nothing to do with us, since it is in no realm of this"
              + " node or has shut this node out: compare 'cis p2p realm list' on both, or ask for"
              + " an invitation.");
    }
    var brief = ", not " + facts.node().substring(0, Math.min(8, facts.node().length()));
    if (any(facts, failure -> failure.contains(brief))) {
      return new Verdict(
          "wrong-identity",
          "Not connected: another node answers at an address of it; if it was set up anew, 'cis p2p"
              + " remove-peer "
              + name
              + "' and connect again.");
    }
    return unreached(facts);
  }

  private static boolean any(Result.Why facts, Predicate<String> failure) {
    return facts.attempts().stream()
        .flatMap(each -> Optional.ofNullable(each.failure()).stream())
        .anyMatch(failure);
  }

  private static Verdict unreached(Result.Why facts) {
    var name = facts.name();
    var attempts = facts.attempts();
    boolean named = facts.relays().stream().anyMatch(Result.WhyRelay::named);
    if (attempts.isEmpty() && facts.relays().isEmpty()) {
      return new Verdict(
          "no-address",
          "Not connected: nothing is known of where it is. 'cis p2p find "
              + name
              + "' asks the DHT, 'cis p2p add-peer "
              + name
              + " HOST:PORT' tells this node.");
    }
    boolean tried =
        attempts.stream().anyMatch(each -> each.failed() != null)
            || facts.relays().stream().anyMatch(each -> each.failure() != null);
    if (!tried && facts.rest() == null) {
      return notTried(facts);
    }
    if (!facts.online()) {
      return new Verdict(
          "offline",
          "Not connected, and this node is connected to nobody else either: look at its own network"
              + " first, with 'cis p2p netcheck'.");
    }
    if (!named) {
      return new Verdict(
          "no-relay",
          "Not connected: "
              + silent(attempts)
              + " and its record names no relay. It is off, or behind a router without a place at a"
              + " relay: start it with an anchor (--bootstrap ANCHOR), or forward its UDP port."
              + again(facts));
    }
    if (!facts.traversal()) {
      return new Verdict(
          "unreachable",
          "Not connected: "
              + silent(attempts)
              + ", and this node uses no relay: set p2p.enable_nat_traversal = true."
              + again(facts));
    }
    return new Verdict(
        "unreachable",
        "Not connected: "
            + silent(attempts)
            + ", and no relay that it named joins it with this node. It is probably off, or has"
            + " lost its relays: run 'cis p2p status' there."
            + again(facts));
  }

  private static Verdict notTried(Result.Why facts) {
    var connect = "'cis p2p connect " + facts.name() + "' tries it now.";
    if (facts.ended().isEmpty()) {
      return new Verdict(
          "not-tried", "Not connected: nothing has needed it since this node started; " + connect);
    }
    return new Verdict(
        "lost",
        "Not connected: the last connection ended ("
            + facts.ended().getFirst().how()
            + ": "
            + facts.ended().getFirst().reason()
            + ") and no attempt has failed since; "
            + connect);
  }

  private static String silent(List<Result.WhyAttempt> attempts) {
    return switch (attempts.size()) {
      case 0 -> "no address of it is known";
      case 1 -> "its one address leads nowhere";
      default -> "none of its " + attempts.size() + " addresses leads anywhere";
    };
  }

  private static String again(Result.Why facts) {
    var rest = facts.rest();
    return rest == null
        ? ""
        : " This node dials it again in " + rest.seconds() + " s at the earliest.";
  }
}
