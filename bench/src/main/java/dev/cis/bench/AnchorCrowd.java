package dev.cis.bench;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.quic.EventLoops;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.Realms;
import dev.cis.transport.realm.Role;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** A process with many guests of one anchor, which is told on its input what they shall do. */
final class AnchorCrowd {
  /** What makes a process one. */
  static final String ARGUMENT = "anchor-crowd";

  private static final Logger LOG = Logger.getLogger("dev.cis"); // held, or it forgets its level
  private static final int AT_ONCE = 16;
  private static final long LONGEST_WAIT = 20_000_000_000L;

  private final Address anchor;
  private final int first;
  private final Path folder;
  private final Invitation realm = realm();
  private final EventLoops loops = new EventLoops(2);
  private final List<AnchorGuest> guests = new CopyOnWriteArrayList<>();
  private final SplittableRandom random = new SplittableRandom(1);

  private AnchorCrowd(Address anchor, int first, Path folder) {
    this.anchor = anchor;
    this.first = first;
    this.folder = folder;
  }

  private static Invitation realm() {
    var founder = KeyPair.generate(new SecureRandom());
    var realms = Realms.inMemory(founder, AccessConfig.DEFAULT, Instant::now);
    var name = realms.create("guests").name();
    return realms.invite(name, Role.MEMBER, Duration.ofDays(1), List.of());
  }

  /** Something that one guest does with another. */
  private interface Deed {
    void run(AnchorGuest one, AnchorGuest other);
  }

  /**
   * Reads commands until its input ends, and answers each with a line.
   *
   * @param first number of the first guest
   * @param folder where their tables go
   */
  static void run(String anchor, String first, String folder) throws IOException {
    LOG.setLevel(Level.SEVERE); // so many nodes have much to say
    var crowd = new AnchorCrowd(Address.parse(anchor), Integer.parseInt(first), Path.of(folder));
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = in.readLine(); line != null; line = in.readLine()) {
      var words = List.of(line.split(" ", -1));
      System.out.println(crowd.answer(words.getFirst(), Long.parseLong(words.getLast())));
    }
    System.exit(0);
  }

  private String answer(String word, long number) {
    return switch (word) {
      case "join" -> {
        Thread.ofPlatform().daemon().start(() -> join((int) number));
        yield "joining";
      }
      case "count" -> count(Instant.ofEpochMilli(number));
      case "ping" -> times(number, (one, _) -> one.ping());
      case "find" ->
          times(
              number,
              (one, other) -> {
                if (!one.finds(other)) {
                  throw new IllegalStateException("nobody at its place");
                }
              });
      case "relay" -> times(number, AnchorGuest::meet);
      default -> throw new IllegalArgumentException(word);
    };
  }

  /** So many more guests, some of them at a time. */
  private void join(int more) {
    int from = first + guests.size();
    try (var pool = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < more; i++) {
        int number = from + i;
        pool.execute(() -> begin(number));
      }
    }
  }

  private void begin(int number) {
    AnchorGuest guest;
    try {
      guest = AnchorGuest.start(number, anchor, realm, loops, folder);
    } catch (IOException | RuntimeException e) {
      System.err.println("anchor-load: node " + number + " did not start: " + e);
      return;
    }
    guests.add(guest);
    long begun = System.nanoTime();
    while (!guest.isLinked(Instant.EPOCH) && System.nanoTime() - begun < LONGEST_WAIT) {
      LockSupport.parkNanos(20_000_000);
    }
  }

  private String count(Instant since) {
    int linked = 0;
    int reserved = 0;
    int registered = 0;
    int dialledBack = 0;
    for (var guest : guests) {
      boolean here = guest.isLinked(since);
      linked += here ? 1 : 0;
      reserved += here && guest.isReserved() ? 1 : 0;
      registered += here && guest.isRegistered() ? 1 : 0;
      dialledBack += guest.isDialledBack() ? 1 : 0;
    }
    return linked + " " + reserved + " " + registered + " " + dialledBack;
  }

  /** Microseconds of each that succeeded; the first word is how many did not. */
  private String times(long count, Deed deed) {
    int failed = 0;
    var times = new ArrayList<Long>();
    for (int i = 0; i < count; i++) {
      var one = guests.get(random.nextInt(guests.size()));
      var other = guests.get(random.nextInt(guests.size()));
      if (one.equals(other)) {
        i--;
        continue;
      }
      long begun = System.nanoTime();
      try {
        deed.run(one, other);
        times.add((System.nanoTime() - begun) / 1_000);
      } catch (RuntimeException e) {
        if (failed++ == 0) {
          System.err.println("anchor-load: " + e.getMessage());
        }
      }
      one.part(other);
    }
    return failed + times.stream().map(time -> " " + time).collect(Collectors.joining());
  }
}
