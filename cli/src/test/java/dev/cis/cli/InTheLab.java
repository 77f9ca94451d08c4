package dev.cis.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests in the namespace lab, which is built once for each class and set back after each test.
 * Needs root and the packages that {@code lab/natlab check} names; is skipped without them.
 */
@Tag("lab")
abstract class InTheLab {
  @TempDir Path homes;
  Lab lab;

  @BeforeAll
  static void buildTheInternet() throws Exception {
    Lab.up();
  }

  @AfterAll
  static void takeItDown() throws Exception {
    Lab.down();
  }

  @BeforeEach
  void enter() {
    lab = new Lab(homes);
  }

  @AfterEach
  void stopAll() throws Exception {
    lab.stop();
  }
}
