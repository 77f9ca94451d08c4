package dev.cis.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** The rules of docs/concepts/house.md, held against the compiled classes. */
class HouseRulesTest {
  /** Rooms by floor, lowest first: an arrow goes from a floor to a lower one only. */
  private static final List<Set<String>> FLOORS =
      List.of(
          Set.of("kernel"),
          Set.of("transport", "crdt"),
          Set.of("gossip", "dht", "discovery", "nat"),
          Set.of("sync", "blobs"),
          Set.of("deploy"),
          Set.of("node"),
          Set.of("api"),
          Set.of("cli"));

  private static final Set<String> NO_ROOMS =
      Set.of("util", "utils", "common", "helper", "helpers", "manager", "impl", "model", "misc");

  private static final JavaClasses CIS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.cis");

  @Test
  void everyRoomIsOnAFloor() {
    var rooms = CIS.stream().map(HouseRulesTest::room).distinct().toList();
    assertThat(FLOORS.stream().flatMap(Set::stream)).containsAll(rooms);
  }

  @Test
  void noArrowGoesUp() {
    for (int floor = 0; floor < FLOORS.size(); floor++) {
      for (var room : FLOORS.get(floor)) {
        var lower = FLOORS.subList(0, floor).stream().flatMap(Set::stream).toList();
        var forbidden =
            FLOORS.stream()
                .flatMap(Set::stream)
                .filter(other -> !other.equals(room) && !lower.contains(other))
                .map(other -> "dev.cis." + other + "..")
                .toArray(String[]::new);
        noClasses()
            .that()
            .resideInAPackage("dev.cis." + room + "..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(forbidden)
            .allowEmptyShould(true)
            .check(CIS);
      }
    }
  }

  @Test
  void roomsMakeNoCircles() {
    slices().matching("dev.cis.(*)..").should().beFreeOfCycles().check(CIS);
  }

  @Test
  void coresTouchNothingOfTheWorld() {
    noClasses()
        .that()
        .resideInAPackage("dev.cis..proto..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.net..",
            "java.nio.file..",
            "java.nio.channels..",
            "java.util.concurrent..",
            "java.util.logging..",
            "java.sql..",
            "org.slf4j..",
            "io.netty..")
        .orShould()
        .dependOnClassesThat(
            resideInAPackage("java.io..")
                .and(
                    describe(
                        "other than Serializable",
                        c -> !c.isEquivalentTo(java.io.Serializable.class))))
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(
            Thread.class, Clock.class, Random.class, SecureRandom.class, ThreadLocalRandom.class)
        .because("a core is a function of (now, input)")
        .check(CIS);
  }

  @Test
  void coresReadNoClock() {
    noClasses()
        .that()
        .resideInAPackage("dev.cis..proto..")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(Math.class, "random")
        .check(CIS);
  }

  @Test
  void onlyTheQuicPackageKnowsNetty() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.cis.transport.quic..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty..")
        .check(CIS);
  }

  @Test
  void aThingIsNamedForWhatItIs() {
    var badRooms =
        CIS.stream()
            .map(JavaClass::getPackageName)
            .filter(
                name -> NO_ROOMS.stream().anyMatch(bad -> (name + ".").contains("." + bad + ".")))
            .distinct();
    assertThat(badRooms).isEmpty();
    classes().should().haveNameNotMatching(".*(Util|Utils|Helper|Helpers|Manager|Impl)").check(CIS);
  }

  private static String room(JavaClass type) {
    return type.getPackageName().replaceFirst("^dev\\.cis\\.([a-z]+).*", "$1");
  }
}
