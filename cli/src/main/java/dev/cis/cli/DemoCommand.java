package dev.cis.cli;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cis demo}: what a user would type, typed for them and explained. */
@Command(
    description = {
      "Three nodes on this machine: they find each other, talk, share memory and run a signed",
      "application. Takes less than a minute and leaves nothing behind."
    })
final class DemoCommand implements Callable<Integer> {
  private static final Duration FIND = Duration.ofSeconds(12);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int STEPS = 7;
  private static final int BROADCASTS = 6;
  private static final int LOG_LINES = 6;
  private static final String APP = "hello";
  private static final String TOPIC = "demo.news";

  private final Cis cis;

  @Option(names = "--keep", description = "leave the nodes running and say how to go on")
  private boolean keep;

  private boolean over;
  private int step;

  DemoCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    var set = DemoStage.set(cis);
    var hook = Thread.ofPlatform().unstarted(() -> clear(set));
    Runtime.getRuntime().addShutdownHook(hook); // Ctrl-C
    long start = System.nanoTime();
    boolean kept = false;
    try {
      play(set);
      kept = keep;
    } finally {
      if (kept) {
        keep();
        goOn(set);
      } else {
        clear(set);
      }
    }
    cis.screen()
        .note(
            "done in "
                + Duration.ofNanos(System.nanoTime() - start).toSeconds()
                + " s"
                + (kept ? "" : "; nothing is left behind"));
    return 0;
  }

  private void play(DemoStage set) throws IOException, InterruptedException {
    var amber = set.node("amber");
    var birch = set.node("birch");
    var cedar = set.node("cedar");
    say("three nodes, each with a data directory and a UDP port of its own, under " + set.root());
    tell("amber founds a private realm and invites the others; nobody else gets in");
    amber.must("init", "--name", "amber", "--label", "env=dev", "--realm", "demo");
    var invitation = amber.must("p2p", "invite", "--expires", "1h").strip();
    tell("cis p2p invite: " + invitation.substring(0, 40) + "...");
    for (var invited : List.of(birch, cedar)) {
      invited.must(
          "init",
          "--name",
          invited.name(),
          "--label",
          "env=test",
          "--label",
          set.label(),
          "--join",
          invitation);
    }

    say("amber and birch start and look for neighbours by mDNS");
    amber.must("p2p", "start", "--listen", "0.0.0.0:0");
    birch.must("p2p", "start", "--listen", "0.0.0.0:0");
    if (amber.await(
        DemoStage.hasMulticast() ? FIND : Duration.ZERO,
        () -> amber.connected().contains("birch"))) {
      tell("found: no address was given");
    } else {
      tell("multicast does not work on this machine, so amber is given birch's address");
      amber.must("p2p", "connect", birch.address());
    }

    say("cedar starts without mDNS, knows only birch, and finds amber through the DHT");
    cedar.must(
        "p2p",
        "start",
        "--listen",
        "127.0.0.1:0",
        "--no-mdns",
        "--dht",
        "--bootstrap",
        birch.address());
    require(cedar.await(SOON, () -> cedar.knows("amber")), "cedar did not find amber");
    require(amber.await(SOON, () -> amber.knows("cedar")), "amber did not hear of cedar");
    tell("cedar's view:");
    show(cedar.must("p2p", "peers"));
    show(cedar.must("p2p", "ping", "birch", "-c", "2"));

    say("a message crosses birch, which did not write it: amber and cedar are disconnected first");
    relayedMessage(amber, cedar);

    say("memory written on amber is read on birch and cedar, and deleted everywhere by cedar");
    memory(amber, birch, cedar);

    say("a package is built and signed on amber, and deployed to the nodes with env=test");
    deploy(set, amber, List.of(birch, cedar));

    say("its log lines, streaming from both nodes");
    amber.follow(
        LOG_LINES, SOON, line -> tell("  " + line), "logs", APP, "--follow", "--tail", "1");
  }

  private void relayedMessage(DemoStage.Player amber, DemoStage.Player cedar)
      throws IOException, InterruptedException {
    for (int attempt = 1; attempt <= BROADCASTS; attempt++) {
      var ears = cedar.listen(TOPIC);
      try {
        // Either side may have dialled again since: routing tables like to be well connected.
        var _ = amber.run("p2p", "disconnect", "cedar");
        var _ = cedar.run("p2p", "disconnect", "amber");
        var text = "hello from amber, number " + attempt;
        amber.must("p2p", "broadcast", TOPIC, text, "--wait", "5");
        var heard = ears.heard(text, Duration.ofSeconds(5));
        if (heard != null && heard.get("hops") instanceof Number hops && hops.intValue() == 2) {
          tell(
              "cedar heard '"
                  + heard.get("text")
                  + "' from "
                  + heard.get("authorName")
                  + " over 2 hops");
          amber.must("p2p", "connect", "cedar");
          tell("amber and cedar are connected again");
          return;
        }
      } finally {
        ears.close();
      }
    }
    throw new Fault(CliCode.NOT_READY, "no message crossed the middle node");
  }

  private void memory(DemoStage.Player amber, DemoStage.Player birch, DemoStage.Player cedar)
      throws InterruptedException {
    var key = "demo/greeting";
    amber.must("memory", "set", key, "written on amber");
    for (var reader : List.of(birch, cedar)) {
      require(
          reader.await(SOON, () -> reader.run("memory", "get", key).out().contains("on amber")),
          reader.name() + " did not read the memory");
      tell(reader.name() + " reads: " + reader.must("memory", "get", key).strip());
    }
    cedar.must("memory", "delete", key);
    for (var reader : List.of(amber, birch)) {
      require(
          reader.await(SOON, () -> reader.run("memory", "get", key).exit() == 1),
          reader.name() + " still has the deleted memory");
    }
    tell("gone on all three");
  }

  private void deploy(DemoStage set, DemoStage.Player amber, List<DemoStage.Player> targets)
      throws InterruptedException {
    amber.must("keys", "generate", "demo");
    var publicKey = amber.must("keys", "export", "demo").strip();
    for (var target : targets) {
      target.must("keys", "trust", publicKey, "--name", "demo");
    }
    var source = set.root().resolve(APP).toString();
    amber.must("package", "init", source);
    amber.must("package", "build", source, "--output", set.root().toString());
    var file = set.root().resolve(APP + "-1.0.0.p2p").toString();
    amber.must("package", "sign", file, "--key", "demo");
    show(amber.must("package", "inspect", file));
    for (var target : targets) {
      require(amber.await(SOON, () -> amber.knows(target.name())), "amber lost " + target.name());
    }
    // The second label keeps nodes of others on this network out of it.
    var labels = "env=test," + set.label();
    show(amber.must("p2p", "deploy", file, "--labels", labels, "--key", "demo"));
    show(amber.must("app", "list"));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new Fault(CliCode.NOT_READY, otherwise + " in time; 'cis doctor' may say why");
    }
  }

  private void say(String text) {
    step++;
    cis.screen().line(cis.screen().bold("[" + step + "/" + STEPS + "] " + text));
  }

  private void tell(String text) {
    cis.screen().line("      " + text);
  }

  private void show(String output) {
    output.lines().forEach(this::tell);
  }

  /** Whoever comes second waits, since the process may end when it returns. */
  private synchronized void clear(DemoStage set) {
    if (!over) {
      over = true;
      set.clear();
    }
  }

  private synchronized void keep() {
    over = true;
  }

  private void goOn(DemoStage set) {
    cis.screen().line(cis.screen().bold("the nodes go on; use them so:"));
    for (var name : List.of("amber", "birch", "cedar")) {
      tell(set.command(name) + " p2p peers");
    }
    tell(set.command("amber") + " logs " + APP + " --follow");
    tell(set.command("amber") + " p2p broadcast " + TOPIC + " 'hello again'");
    cis.screen().line(cis.screen().bold("and end them so:"));
    tell(set.command("amber") + " app remove " + APP + " --yes");
    for (var name : List.of("amber", "birch", "cedar")) {
      tell(set.command(name) + " p2p stop");
    }
    tell("rm -r " + set.root());
  }
}
