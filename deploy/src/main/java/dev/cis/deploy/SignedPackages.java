package dev.cis.deploy;

import dev.cis.deploy.pack.Manifest;
import dev.cis.deploy.pack.PackCode;
import dev.cis.deploy.pack.PackageReader;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.RestartPolicy;
import dev.cis.deploy.run.HealthCheck;
import dev.cis.deploy.run.LaunchSpec;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Packages in the format of {@code deploy.pack}, signed by publishers of {@code deploy.trust}. */
final class SignedPackages implements Packages {
  private static final Duration HOOK = Duration.ofSeconds(30);

  private final Publishers publishers;
  private final Duration stopGrace;
  private final Supplier<Now> clock;

  SignedPackages(Publishers publishers, Duration stopGrace, Supplier<Now> clock) {
    this.publishers = publishers;
    this.stopGrace = stopGrace;
    this.clock = clock;
  }

  @Override
  public Set<PublicKey> trusted() {
    return publishers.list().stream()
        .map(publisher -> publisher.key().ed25519())
        .flatMap(Optional::stream)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public Name check(Path file, PublicKey publisher) {
    try (var reader = PackageReader.open(file)) {
      verify(reader, publisher);
      return name(reader.inspect().manifest());
    }
  }

  private void verify(PackageReader reader, PublicKey publisher) {
    var now = clock.get().wall();
    try {
      var _ = reader.verify("the publisher", VerifyingKey.of(publisher), now);
    } catch (Fault fault) {
      if (fault.code() != PackCode.UNTRUSTED && fault.code() != PackCode.BAD_SIGNATURE) {
        throw fault;
      }
      // Signed by another than the one who orders it: good enough if we trust that one.
      try {
        var _ = reader.verify(publishers, now);
      } catch (Fault second) {
        throw second.code() == PackCode.UNTRUSTED ? fault : second;
      }
    }
  }

  @Override
  public Name unpack(Path file, Path destination) {
    try (var reader = PackageReader.open(file)) {
      var verified = reader.verify(publishers, clock.get().wall());
      return name(reader.unpack(verified, destination));
    }
  }

  @Override
  public void sweep(Path directory) {
    PackageReader.sweep(directory);
  }

  private static Name name(Manifest manifest) {
    return new Name(manifest.name(), manifest.version().toString());
  }

  @Override
  public LaunchSpec spec(String app, String release, Path unpacked) {
    var manifest = manifest(unpacked.resolve(Manifest.FILE));
    var resources = manifest.resources();
    var hooks = manifest.hooks();
    var restart = manifest.restart();
    return new LaunchSpec(
        app,
        release,
        manifest.version().toString(),
        unpacked,
        manifest.entrypoint(),
        manifest.args(),
        manifest.env(),
        new LaunchSpec.Limits(resources.memoryBytes(), resources.cpus(), 0),
        health(manifest.health()),
        new LaunchSpec.Hooks(
            hooks.preStart(), hooks.postStart(), hooks.preStop(), hooks.postStop(), HOOK),
        switch (restart.policy()) {
          case ALWAYS -> LaunchSpec.Restart.ALWAYS;
          case ON_FAILURE -> LaunchSpec.Restart.ON_FAILURE;
          case NEVER -> LaunchSpec.Restart.NEVER;
        },
        new RestartPolicy.Numbers(
            restart.delay(), restart.maxDelay(), restart.maxRestarts(), restart.window()),
        stopGrace);
  }

  private static HealthCheck health(Manifest.HealthCheck health) {
    return new HealthCheck(
        switch (health.type()) {
          case PROCESS -> HealthCheck.Type.PROCESS;
          case HTTP -> HealthCheck.Type.HTTP;
          case TCP -> HealthCheck.Type.TCP;
          case EXEC -> HealthCheck.Type.EXEC;
        },
        health.endpoint(),
        health.command(),
        health.interval(),
        health.timeout(),
        health.retries(),
        health.startPeriod());
  }

  private static Manifest manifest(Path file) {
    try {
      if (Files.size(file) > Manifest.MAX_BYTES) {
        throw new Fault(DeployCode.STORE_FAILED, file + " is larger than a manifest may be");
      }
      return Manifest.parse(Bytes.of(Files.readAllBytes(file)), file.toString());
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot read " + file + ": " + e, e);
    }
  }
}
