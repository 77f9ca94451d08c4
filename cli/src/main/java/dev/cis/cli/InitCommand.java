package dev.cis.cli;

import dev.cis.kernel.identity.Did;
import dev.cis.node.ConfigFile;
import dev.cis.node.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cis init}. */
@Command(description = "Make an identity and a configuration file. Safe to repeat.")
final class InitCommand implements Callable<Integer> {
  private final Cis cis;

  @Option(names = "--name", paramLabel = "N", description = "what people call this node")
  private String name = "";

  @Option(names = "--label", paramLabel = "K=V", description = "a label of this node")
  private List<String> labels = new ArrayList<>();

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
    // A bad name or label is refused before anything is written.
    var config = Settings.read(home.config(), cis.environment(), options).config();
    var key = home.identityOrNew();
    boolean wrote = ConfigFile.create(home, name, given);
    var did = Did.of(key.nodeId()).toString();
    if (cis.json()) {
      cis.screen()
          .json(
              Map.of(
                  "node", key.nodeId().toString(),
                  "did", did,
                  "name", config.name(),
                  "home", home.toString(),
                  "created", isNew));
      return 0;
    }
    cis.screen()
        .line((isNew ? "made a new identity in " : "there is an identity already in ") + home);
    cis.screen().fields("node", key.nodeId().toString(), "did", did, "name", config.name());
    if (!wrote && (!name.isEmpty() || !given.isEmpty())) {
      cis.screen()
          .note(
              home.config()
                  + " was there already and is unchanged: edit it to change the name,"
                  + " use 'cis node label' for labels");
    }
    if (isNew) {
      cis.screen().note("next: cis p2p start");
    }
    return 0;
  }
}
