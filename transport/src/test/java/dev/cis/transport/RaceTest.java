package dev.cis.transport;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RaceTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final InetAddress SIX = ip("2001:db8::1");
  private static final InetAddress OTHER_SIX = ip("2001:db8::2");
  private static final InetAddress FOUR = ip("192.0.2.1");
  private static final InetAddress OTHER_FOUR = ip("192.0.2.2");

  private static InetAddress ip(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** A link that only knows where it leads and whether it was closed. */
  private static final class Ending {
    final CountDownLatch closed = new CountDownLatch(1);
    final Link link;

    Ending(Address remote) {
      link =
          (Link)
              Proxy.newProxyInstance(
                  Link.class.getClassLoader(),
                  new Class<?>[] {Link.class},
                  (proxy, method, arguments) ->
                      switch (method.getName()) {
                        case "remote" -> remote;
                        case "close" -> {
                          closed.countDown();
                          yield null;
                        }
                        default -> throw new UnsupportedOperationException(method.getName());
                      });
    }
  }

  /** A network in which some addresses answer, some refuse, and the others are silent. */
  private static final class Scripted implements Network {
    final Set<InetAddress> answering = ConcurrentHashMap.newKeySet();
    final Set<InetAddress> refusing = ConcurrentHashMap.newKeySet();
    final List<InetAddress> dialled = new CopyOnWriteArrayList<>();
    final List<InetAddress> calledOff = new CopyOnWriteArrayList<>();
    final Map<InetAddress, Ending> links = new ConcurrentHashMap<>();
    final CountDownLatch silence = new CountDownLatch(1);
    boolean stubborn;

    @Override
    public List<Address> localAddresses() {
      return List.of();
    }

    @Override
    public Link dial(InetSocketAddress to, @Nullable NodeId expected, Duration within)
        throws InterruptedException {
      var host = to.getAddress();
      dialled.add(host);
      if (refusing.contains(host)) {
        throw new Fault(TransportCode.DIAL_FAILED, "refused by " + host.getHostAddress());
      }
      if (!answering.contains(host)) {
        try {
          silence.await();
        } catch (InterruptedException e) {
          calledOff.add(host);
          if (!stubborn) {
            throw e;
          }
        }
      }
      var link = new Ending(Address.of(to));
      links.put(host, link);
      return link.link;
    }

    @Override
    public void accept(Consumer<Link> consumer) {}

    @Override
    public Quotas quotas() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private final Scripted network = new Scripted();

  private Link race(Duration stagger, InetAddress... hosts) throws InterruptedException {
    var d = Dialling.DEFAULT;
    var dialling =
        new Dialling(
            d.dialTimeout(),
            stagger,
            d.handshakeTimeout(),
            d.backoffMin(),
            d.backoffMax(),
            d.disconnectRest(),
            d.maxDials(),
            d.maxDialRate());
    return new Race(network, null, Deadline.in(LONG), dialling).run(List.of(hosts), 7677);
  }

  private static InetAddress host(Link link) {
    return ip(link.remote().host());
  }

  @Test
  void theFamiliesTakeTurns() {
    assertThat(Race.interleaved(List.of(FOUR, OTHER_FOUR, SIX, OTHER_SIX)))
        .containsExactly(SIX, FOUR, OTHER_SIX, OTHER_FOUR);
    assertThat(Race.interleaved(List.of(FOUR, OTHER_FOUR))).containsExactly(FOUR, OTHER_FOUR);
    assertThat(Race.interleaved(List.of())).isEmpty();
  }

  @Test
  void aSilentFirstAddressHoldsNobodyUpAndIsGivenUp() throws Exception {
    network.answering.add(FOUR);
    var link = race(Duration.ofMillis(20), FOUR, SIX);
    assertThat(host(link)).isEqualTo(FOUR);
    assertThat(network.dialled).containsExactly(SIX, FOUR);
    Await.until("given up", () -> network.calledOff.equals(List.of(SIX)));
  }

  @Test
  void aRefusalStartsTheNextAtOnce() throws Exception {
    network.refusing.addAll(List.of(SIX, OTHER_SIX));
    network.answering.add(FOUR);
    // Nobody waits for this pause: it is longer than the test may take.
    var link = race(Duration.ofHours(1), SIX, OTHER_SIX, FOUR);
    assertThat(host(link)).isEqualTo(FOUR);
  }

  @Test
  void theFirstToAnswerNeedsNoOther() throws Exception {
    network.answering.addAll(List.of(SIX, FOUR));
    assertThat(host(race(Duration.ofHours(1), SIX, FOUR))).isEqualTo(SIX);
    assertThat(network.dialled).containsExactly(SIX);
  }

  @Test
  void aLinkThatComesAfterTheRaceIsClosed() throws Exception {
    network.answering.add(FOUR);
    network.stubborn = true;
    assertThat(host(race(Duration.ofMillis(20), SIX, FOUR))).isEqualTo(FOUR);
    Await.until("answered late", () -> network.links.containsKey(SIX));
    requireNonNull(network.links.get(SIX)).closed.await();
    assertThat(requireNonNull(network.links.get(FOUR)).closed.getCount()).isOne();
  }

  @Test
  void whenAllFailTheLastFaultIsTold() {
    network.refusing.addAll(List.of(SIX, FOUR));
    assertThatThrownBy(() -> race(Duration.ofMillis(1), SIX, FOUR))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("192.0.2.1");
  }

  @Test
  void callingItOffLeavesNothingBehind() throws Exception {
    var ended = new ArrayList<Throwable>();
    var racer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                var _ = race(Duration.ofMillis(1), SIX, FOUR);
              } catch (InterruptedException e) {
                ended.add(e);
              }
            });
    Await.until("both dialled", () -> network.dialled.size() == 2);
    racer.interrupt();
    racer.join();
    assertThat(ended).hasSize(1);
    Await.until("both given up", () -> network.calledOff.size() == 2);
    assertThat(network.links).isEmpty();
  }
}
