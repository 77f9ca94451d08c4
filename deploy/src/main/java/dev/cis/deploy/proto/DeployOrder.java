package dev.cis.deploy.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a publisher wants of an application. Kept in the memory, signed, under {@link #key}. Of the
 * trusted publishers' orders for one application the highest sequence is in force.
 *
 * @param app the application
 * @param action run it or remove it
 * @param release the package; null for a removal
 * @param selector on which nodes; others keep what they have
 * @param sequence greater than every sequence known for the application: milliseconds since 1970,
 *     or one more than the greatest known
 * @param issuedAt when it was signed
 * @param running whether the process is to run; false only installs it
 * @param strategy how it is rolled out
 */
public record DeployOrder(
    String app,
    Action action,
    @Nullable Release release,
    Selector selector,
    long sequence,
    Instant issuedAt,
    boolean running,
    Strategy strategy) {
  /** Signature domain. */
  public static final String DOMAIN = "cis-deploy-order/1";

  /** Largest encoding of the unsigned message in bytes. */
  public static final int MAX_BYTES = 64 * 1024;

  /** Where orders are kept in the memory. */
  public static final String PREFIX = "deploy/";

  /** The unsigned message. */
  public static final Codec<DeployOrder> CODEC = new OrderCodec();

  /** The signed message. */
  public static final Codec<Signed<DeployOrder>> SIGNED = Signed.codec(DOMAIN, CODEC, MAX_BYTES);

  private static final Pattern APP = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.+_-]{0,62}");
  private static final Pattern KEY = Pattern.compile("deploy/([0-9a-f]{64})/([^/]{1,63})");

  /** What is to be done. */
  public enum Action {
    /** Install the release, and run it unless {@link DeployOrder#running} is false. */
    RUN,
    /** Stop the application and delete it. */
    REMOVE
  }

  /**
   * How an order is rolled out. {@code maxParallel}, {@code canary} and {@code autoPromote} are
   * carried for coordinators; a node by itself acts on the other three.
   *
   * @param maxParallel nodes that change at once, 0 for all
   * @param canary nodes that change first, 0 for none
   * @param autoPromote whether the rest follows healthy canaries by itself
   * @param autoRollback whether a node goes back to its previous version when this one fails
   * @param healthyDeadline time to become healthy
   * @param minHealthy how long it must stay healthy to be believed
   */
  public record Strategy(
      int maxParallel,
      int canary,
      boolean autoPromote,
      boolean autoRollback,
      Duration healthyDeadline,
      Duration minHealthy) {
    /** Checks the ranges. */
    public Strategy {
      if (maxParallel < 0
          || canary < 0
          || healthyDeadline.toMillis() <= 0
          || healthyDeadline.toDays() > 7
          || minHealthy.isNegative()
          || minHealthy.toDays() > 7) {
        throw new IllegalArgumentException("a number of the rollout strategy is out of range");
      }
    }
  }

  /** Checks names, numbers and that the release fits the action. */
  public DeployOrder {
    checkApp(app);
    if (sequence <= 0) {
      throw new Fault(DeployCode.BAD_ORDER, "the sequence of an order is positive");
    }
    if ((action == Action.RUN) != (release != null)) {
      throw new Fault(DeployCode.BAD_ORDER, "an order to run has a release, one to remove none");
    }
    if (release != null && !VERSION.matcher(release.version()).matches()) {
      throw new Fault(DeployCode.BAD_ORDER, "the order's version is no version");
    }
  }

  /** Refuses what is no name of an application: names become directories and memory keys. */
  public static void checkApp(String app) {
    if (!APP.matcher(app).matches()) {
      throw new Fault(
          DeployCode.BAD_ORDER,
          "an application is named by 1 to 63 letters, digits, '.', '_' or '-'");
    }
  }

  /** Whether text can be a version. */
  public static boolean isVersion(String text) {
    return VERSION.matcher(text).matches();
  }

  /** Signs the order. */
  public Signed<DeployOrder> sign(KeyPair publisher) {
    return Signed.sign(publisher, DOMAIN, CODEC, this);
  }

  /** The memory key of a publisher's order for an application. */
  public static String key(PublicKey publisher, String app) {
    return PREFIX + publisher + "/" + app;
  }

  /**
   * Why a write to the orders' part of the memory is not admitted; empty if it is. Only form and
   * authorship are checked here; trust is each node's own matter.
   */
  public static Optional<String> refusal(String key, byte[] value, boolean deleted) {
    if (deleted) {
      return Optional.of("orders are not deleted, a later order replaces them");
    }
    var matcher = KEY.matcher(key);
    if (!matcher.matches()) {
      return Optional.of("an order's key is deploy/<publisher>/<app>");
    }
    try {
      var signed = SIGNED.decode(value);
      if (!signed.signer().toString().equals(matcher.group(1))) {
        return Optional.of("the order was signed by another key than its place says");
      }
      if (!signed.value().app().equals(matcher.group(2))) {
        return Optional.of("the order is about another application than its place says");
      }
      return Optional.empty();
    } catch (Fault fault) {
      return Optional.of("not a signed order: " + fault.getMessage());
    }
  }
}
