package dev.cis.cli;

import dev.cis.api.RecordJson;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.node.Nearest;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reads the words of a command line and runs the command. */
public final class Main {
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  private Main() {}

  /** The process. */
  public static void main(String[] arguments) {
    leaveNobodyWaiting();
    var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    var err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    int code =
        arguments.length == 1 && arguments[0].equals("training")
            ? Training.run()
            : run(arguments, System.getenv(), out, err);
    out.flush();
    Runtime.getRuntime().halt(code); // nothing is left to do, and hooks belong to the daemon
  }

  /**
   * Where Java sees one processor it runs virtual threads on one carrier, and a carrier that has
   * work of its own does not look at what came from elsewhere: two virtual threads that keep waking
   * each other would leave those waiting that the network wakes. A second carrier finds them. Must
   * come before the first virtual thread.
   */
  private static void leaveNobodyWaiting() {
    if (Runtime.getRuntime().availableProcessors() == 1 && System.getProperty(CARRIERS) == null) {
      System.setProperty(CARRIERS, "2");
    }
  }

  /** Runs one command line; the exit code. */
  static int run(
      String[] words, Map<String, String> environment, PrintStream out, PrintStream err) {
    var arguments = Arrays.stream(words).map(Main::notAnOption).toArray(String[]::new);
    var screen = new Screen(out, err, environment);
    var cis = new Cis(environment, screen);
    var line = Words.tree().build(cis, new HashSet<>(List.of(arguments)));
    addHelp(line);
    try {
      return execute(cis, line.parseArgs(arguments));
    } catch (UnmatchedArgumentException e) {
      return usage(cis, unknown(e));
    } catch (ParameterException e) {
      return usage(
          cis, String.valueOf(e.getMessage()) + ": see '" + path(e.getCommandLine()) + " --help'");
    } catch (Fault e) {
      return failed(cis, e);
    } catch (InterruptedException e) {
      return 130;
    } catch (Exception e) {
      return defect(cis, e);
    }
  }

  /** A key in PEM is an argument although it begins with dashes; its reader ignores blanks. */
  private static String notAnOption(String word) {
    return word.startsWith("-----BEGIN") ? " " + word : word;
  }

  private static void addHelp(CommandLine line) {
    line.getCommandSpec().mixinStandardHelpOptions(true);
    line.setUsageHelpWidth(110);
    line.setUsageHelpAutoWidth(false);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands().values().forEach(Main::addHelp);
  }

  private static int execute(Cis cis, ParseResult root) throws Exception {
    var deepest = root;
    while (deepest.hasSubcommand()) {
      deepest = deepest.subcommand();
    }
    var line = deepest.commandSpec().commandLine();
    if (deepest.isVersionHelpRequested()) {
      return new VersionCommand(cis).call();
    }
    if (deepest.isUsageHelpRequested()) {
      line.usage(cis.screen().out);
      return 0;
    }
    if (line.getCommand() instanceof Callable<?> command
        && command.call() instanceof Integer code) {
      return code;
    }
    line.usage(cis.screen().err);
    return Kind.INVALID.exitCode();
  }

  private static String unknown(UnmatchedArgumentException e) {
    var word = e.getUnmatched().getFirst();
    var spec = e.getCommandLine().getCommandSpec();
    var known = new java.util.ArrayList<String>();
    boolean option = word.startsWith("-");
    if (option) {
      spec.options().forEach(o -> known.addAll(List.of(o.names())));
    } else {
      known.addAll(spec.subcommands().keySet());
    }
    var what = option ? "unknown option" : known.isEmpty() ? "unexpected word" : "unknown command";
    var path = path(e.getCommandLine());
    return what
        + " '"
        + word
        + "'"
        + Nearest.of(word, known).map(n -> ": did you mean '" + n + "'?").orElse("")
        + " See '"
        + path
        + " --help'";
  }

  private static String path(CommandLine line) {
    return line.getCommandSpec().qualifiedName();
  }

  private static int usage(Cis cis, String message) {
    return failed(cis, new Fault(CliCode.USAGE, message));
  }

  private static int failed(Cis cis, Fault fault) {
    if (cis.json()) {
      cis.screen()
          .note(
              RecordJson.text(
                  Map.of(
                      "error",
                      Map.of(
                          "code", fault.code().text(),
                          "kind", fault.kind().name(),
                          "message", String.valueOf(fault.getMessage())))));
    } else {
      cis.screen().note("cis: " + fault.getMessage());
    }
    if (cis.debug()) {
      cis.screen().note("code " + fault.code().text() + ": " + fault.code().help());
      fault.printStackTrace(cis.screen().err);
    }
    return fault.kind().exitCode();
  }

  private static int defect(Cis cis, Exception e) {
    cis.screen().note("cis: a defect of cis: " + e + (cis.debug() ? "" : " (--debug shows more)"));
    if (cis.debug()) {
      e.printStackTrace(cis.screen().err);
    }
    return Kind.INTERNAL.exitCode();
  }
}
