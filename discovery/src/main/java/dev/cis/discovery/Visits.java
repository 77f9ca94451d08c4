package dev.cis.discovery;

import dev.cis.discovery.Discovery.MeetingPlace;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Visits the meeting places, each on a thread of its own and never twice at a time. */
final class Visits {
  private static final Logger LOG = LoggerFactory.getLogger(Visits.class);
  private static final Duration WITHIN = Duration.ofSeconds(30);

  private final Consumer<Signed<PeerRecord>> found;
  private final List<MeetingPlace> places = new CopyOnWriteArrayList<>();
  private final Set<MeetingPlace> visited = ConcurrentHashMap.newKeySet();

  Visits(Consumer<Signed<PeerRecord>> found) {
    this.found = found;
  }

  void add(MeetingPlace place) {
    places.add(place);
  }

  void all() {
    for (var place : places) {
      if (visited.add(place)) {
        Thread.ofVirtual().name("visit-" + place.name()).start(() -> visit(place));
      }
    }
  }

  private void visit(MeetingPlace place) {
    try {
      var records = place.visit(WITHIN);
      LOG.debug("event=discovery-visited place={} found={}", place.name(), records.size());
      records.forEach(found);
    } catch (Fault e) {
      LOG.info("event=discovery-visit-failed place={} reason=\"{}\"", place.name(), e.getMessage());
    } finally {
      visited.remove(place);
    }
  }
}
