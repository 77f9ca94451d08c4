package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis memory ...}. */
final class MemoryCommands {
  private MemoryCommands() {}

  /** The option that all of them share. */
  static final class Domain {
    @Option(
        names = "--domain",
        paramLabel = "DOMAIN",
        description = "public (shared with all peers, the default) or private (stays here)")
    private String domain = "public";
  }

  @Command(
      description = "Write a value; when this returns it is durable on this node.",
      footer = {"", "Examples:", "  cis memory set greeting 'hello'", "  cis memory set doc - < f"})
  static final class Put implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final Domain domain = new Domain();

    @Parameters(index = "0", paramLabel = "KEY")
    private String key = "";

    @Parameters(index = "1", paramLabel = "VALUE", description = "text, or - for standard input")
    private String value = "";

    @Option(names = "--category", paramLabel = "C", description = "your own ordering")
    private @Nullable String category;

    @Option(
        names = "--vector",
        paramLabel = "FILE",
        description = "an embedding: numbers separated by commas or blanks")
    private @Nullable Path vector;

    Put(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      var text = value;
      boolean base64 = false;
      if (value.equals("-")) {
        byte[] bytes = System.in.readAllBytes();
        try {
          text =
              StandardCharsets.UTF_8
                  .newDecoder()
                  .decode(java.nio.ByteBuffer.wrap(bytes))
                  .toString();
        } catch (CharacterCodingException e) {
          text = Base64.getEncoder().encodeToString(bytes);
          base64 = true;
        }
      }
      var item =
          cis.client()
              .call(
                  new Request.MemorySet(domain.domain, category, key, text, base64, vector()),
                  Result.Item.class);
      if (cis.json()) {
        cis.screen().json(item);
      } else {
        cis.screen().note("set " + item.domain() + " '" + item.key() + "'");
      }
      return 0;
    }

    private @Nullable List<Double> vector() throws IOException {
      if (vector == null) {
        return null;
      }
      if (!Files.isReadable(vector)) {
        throw new Fault(CliCode.NO_FILE, "cannot read the vector file " + vector);
      }
      try {
        return Arrays.stream(Files.readString(vector).split("[\\s,;\\[\\]]+"))
            .filter(s -> !s.isEmpty())
            .map(Double::valueOf)
            .toList();
      } catch (NumberFormatException e) {
        throw new Fault(CliCode.USAGE, vector + " is no list of numbers: " + e.getMessage(), e);
      }
    }
  }

  @Command(description = "Print a value.")
  static final class Get implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final Domain domain = new Domain();

    @Parameters(paramLabel = "KEY")
    private String key = "";

    Get(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var item = cis.client().call(new Request.MemoryGet(domain.domain, key), Result.Item.class);
      if (cis.json()) {
        cis.screen().json(item);
      } else if (item.value() != null) {
        cis.screen().line(cis.screen().foreign(item.value()));
      } else {
        byte[] bytes = Base64.getDecoder().decode(item.base64());
        cis.screen().out.write(bytes, 0, bytes.length);
      }
      return 0;
    }
  }

  @Command(description = "List entries in key order.")
  static final class Listing implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final Domain domain = new Domain();

    @Parameters(arity = "0..1", paramLabel = "PREFIX", description = "only keys that begin so")
    private @Nullable String prefix;

    @Option(names = "--category", paramLabel = "C", description = "only this category")
    private @Nullable String category;

    @Option(names = "--limit", paramLabel = "N", description = "at most N (default: 1000)")
    private int limit = 1000;

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var items = new java.util.ArrayList<Result.Item>();
      String after = null;
      boolean more = true;
      while (more && items.size() < limit) {
        int page = Math.min(Request.MemoryList.MAX_PAGE, limit - items.size());
        var answer =
            cis.client()
                .call(
                    new Request.MemoryList(domain.domain, prefix, category, after, page),
                    Result.Items.class);
        items.addAll(answer.items());
        more = answer.more() && !answer.items().isEmpty();
        after = items.isEmpty() ? null : items.getLast().key();
      }
      if (cis.json()) {
        cis.screen().json(new Result.Items(items, more));
      } else if (items.isEmpty()) {
        cis.screen().note("nothing there");
      } else {
        cis.screen()
            .table(
                List.of("KEY", "CATEGORY", "AUTHOR", "WRITTEN", "VALUE"),
                items.stream().map(this::row).toList());
        if (more) {
          cis.screen().note("there is more: --limit shows it");
        }
      }
      return 0;
    }

    private List<String> row(Result.Item i) {
      var text = i.value() == null ? "(" + i.base64() + ")" : i.value();
      var line = text.replaceAll("\\p{Cntrl}", " ");
      return List.of(
          cis.screen().foreign(i.key()),
          cis.screen().foreign(i.category()),
          i.authorName(),
          Screen.ago(i.written()),
          line.length() > 60 ? line.substring(0, 57) + "..." : line);
    }
  }

  @Command(description = "Delete a key, here and on every peer.")
  static final class Delete implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final Domain domain = new Domain();

    @Parameters(paramLabel = "KEY")
    private String key = "";

    Delete(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var item = cis.client().call(new Request.MemoryDelete(domain.domain, key), Result.Item.class);
      if (cis.json()) {
        cis.screen().json(item);
      } else {
        cis.screen().note("deleted " + item.domain() + " '" + item.key() + "'");
      }
      return 0;
    }
  }

  @Command(description = "Print changes as they come, until Ctrl-C.")
  static final class Watch implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final Domain domain = new Domain();

    @Parameters(arity = "0..1", paramLabel = "PREFIX", description = "only keys that begin so")
    private @Nullable String prefix;

    Watch(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      cis.screen().note("watching (Ctrl-C ends)");
      var _ =
          cis.client().stream(
              new Request.MemoryWatch(domain.domain, prefix),
              Result.Item.class,
              this::show,
              Result.Done.class);
      return 0;
    }

    private void show(Result.Item i) {
      if (cis.json()) {
        cis.screen().json(i);
      } else {
        cis.screen()
            .line(
                (i.deleted() ? "deleted " : "set ")
                    + cis.screen().foreign(i.key())
                    + " by "
                    + i.authorName()
                    + (i.deleted() || i.value() == null
                        ? ""
                        : ": " + cis.screen().foreign(i.value())));
      }
    }
  }
}
