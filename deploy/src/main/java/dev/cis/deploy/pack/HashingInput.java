package dev.cis.deploy.pack;

import dev.cis.kernel.wire.Bytes;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Counts and hashes what is read through it. */
final class HashingInput extends FilterInputStream {
  private final MessageDigest sha256 = sha256();
  private long count;

  HashingInput(InputStream in) {
    super(in);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  @Override
  public int read() throws IOException {
    int value = in.read();
    if (value >= 0) {
      sha256.update((byte) value);
      count++;
    }
    return value;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int read = in.read(into, offset, length);
    if (read > 0) {
      sha256.update(into, offset, read);
      count += read;
    }
    return read;
  }

  @Override
  public long skip(long bytes) {
    return 0; // what is skipped would not be hashed
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  /** Bytes read so far. */
  long count() {
    return count;
  }

  /** The digest of everything; nothing may be read afterwards. */
  Bytes digest() {
    return Bytes.of(sha256.digest());
  }
}
