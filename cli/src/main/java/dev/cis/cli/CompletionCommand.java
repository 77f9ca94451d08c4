package dev.cis.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cis completion}. */
@Command(
    description = "A completion script for a shell.",
    footer = {
      "",
      "Examples:",
      "  source <(cis completion bash)",
      "  source <(cis completion zsh)",
      "  cis completion fish > ~/.config/fish/completions/cis.fish"
    })
final class CompletionCommand implements Callable<Integer> {
  /** The shells. */
  enum Shell {
    BASH,
    ZSH,
    FISH
  }

  /** The words and options that may follow the given words. */
  private record Choice(String after, Set<String> words) {}

  private final Cis cis;

  @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish")
  private Shell shell = Shell.BASH;

  CompletionCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var choices = new ArrayList<Choice>();
    collect("", Words.tree(), choices);
    cis.screen()
        .line(
            switch (shell) {
              case BASH -> bash(choices);
              case ZSH -> "autoload -U +X bashcompinit && bashcompinit\n" + bash(choices);
              case FISH -> fish(choices);
            });
    return 0;
  }

  private void collect(String after, Words words, List<Choice> into) {
    var choices = new TreeSet<String>();
    var line = new CommandLine(words.command().apply(cis));
    line.getCommandSpec().options().forEach(o -> choices.add(o.longestName()));
    choices.addAll(List.of("--help", "--home", "--json"));
    words.words().forEach(w -> choices.add(w.name()));
    into.add(new Choice(after, choices));
    for (var word : words.words()) {
      collect((after + " " + word.name()).strip(), word, into);
    }
  }

  private static String bash(List<Choice> choices) {
    var cases = new StringBuilder();
    for (var choice : choices) {
      cases
          .append("    '")
          .append(choice.after)
          .append("') words='")
          .append(String.join(" ", choice.words))
          .append("' ;;\n");
    }
    return """
    _cis() {
      local path='' word words=''
      for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in -*) ;; *) path="${path:+$path }$word" ;; esac
      done
      while :; do
        case $path in
    %s      esac
        [ -n "$words" ] && break
        case $path in *' '*) path=${path%% *} ;; *) path='' ;; esac
      done
      COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
      [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
    }
    complete -F _cis cis\
    """
        .formatted(cases.toString().indent(2));
  }

  private static String fish(List<Choice> choices) {
    var lines = new StringBuilder();
    for (var choice : choices) {
      var condition =
          choice.after.isEmpty()
              ? "__fish_use_subcommand"
              : "string match -qr '^cis " + choice.after + "( -.*)?$' -- (commandline -cp)";
      for (var word : choice.words) {
        lines
            .append("complete -c cis -n \"")
            .append(condition)
            .append("\" ")
            .append(word.startsWith("--") ? "-l " + word.substring(2) : "-a " + word)
            .append('\n');
      }
    }
    return lines.toString().stripTrailing();
  }
}
