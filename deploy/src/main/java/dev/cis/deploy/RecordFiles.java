package dev.cis.deploy;

import dev.cis.deploy.proto.AppRecord;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this node remembers of applications: one file each, replaced atomically and durably. */
final class RecordFiles {
  private static final Logger LOG = LoggerFactory.getLogger(RecordFiles.class);
  private static final String SUFFIX = ".record";

  private final Path directory;

  RecordFiles(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  void save(AppRecord record) {
    var file = directory.resolve(record.app() + SUFFIX);
    var draft = directory.resolve(record.app() + SUFFIX + ".new");
    try {
      var options =
          new StandardOpenOption[] {
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING
          };
      try (var channel = FileChannel.open(draft, options)) {
        var bytes = ByteBuffer.wrap(AppRecord.CODEC.encode(record));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot write " + file + ": " + e, e);
    }
  }

  /** All records that can be read; a damaged one is set aside and named in the log. */
  List<AppRecord> all() throws IOException {
    var records = new ArrayList<AppRecord>();
    try (var files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (var file : files) {
        try {
          if (Files.size(file) > AppRecord.MAX_BYTES) {
            throw new Fault(DeployCode.STORE_FAILED, "it is too large");
          }
          records.add(AppRecord.CODEC.decode(Files.readAllBytes(file)));
        } catch (Fault fault) {
          var aside = Path.of(file + ".damaged");
          LOG.error(
              "event=record-damaged file={} aside={} reason=\"{}\"",
              file,
              aside,
              fault.getMessage());
          Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    return records;
  }
}
