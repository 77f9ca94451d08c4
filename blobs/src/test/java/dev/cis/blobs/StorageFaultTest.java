package dev.cis.blobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StorageFaultTest {
  private static final Path FILE = Path.of("/x/blobs");

  @Test
  void troubleWithTheDiskHasACodeOfItsOwn() {
    assertThat(BlobStore.failed("write", FILE, new IOException("No space left on device")).code())
        .isEqualTo(BlobsCode.DISK_FULL);
    assertThat(
            BlobStore.failed(
                    "write", FILE, new FileSystemException("f", null, "Disk quota exceeded"))
                .code())
        .isEqualTo(BlobsCode.DISK_FULL);
    var denied = BlobStore.failed("read", FILE, new AccessDeniedException("f"));
    assertThat(denied.code()).isEqualTo(BlobsCode.NO_PERMISSION);
    assertThat(denied).hasMessage("cannot read /x/blobs: permission denied");
    assertThat(BlobStore.failed("read", FILE, new IOException("Input/output error")).code())
        .isEqualTo(BlobsCode.STORAGE);
  }
}
