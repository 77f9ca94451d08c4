package dev.cis.deploy.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorTest {
  private static final NodeId NODE = KeyPair.generate(new SplittableRandom(1)).nodeId();
  private static final Map<String, String> LABELS = Map.of("env", "test", "region", "eu-1");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "env=test|true",
        "env==test|true",
        "env=prod|false",
        "env!=prod|true",
        "env!=test|false",
        "zone!=a|true",
        "zone=a|false",
        "env in (prod, test)|true",
        "env in (prod)|false",
        "env notin (prod,stage)|true",
        "env notin (test)|false",
        "zone notin (a)|true",
        "env=test,region=eu-1|true",
        "env=test,region in (us,eu-1),zone!=b|true",
        "env=test, region=us|false",
      })
  void labelsAreMatchedAsWritten(String text, boolean matches) {
    assertThat(Selector.labels(text).matches(NODE, LABELS)).isEqualTo(matches);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "env",
        "=test",
        "env=",
        "env=test,",
        "env in",
        "env in ()",
        "env in (a",
        "env=a b",
        "env=test;rm",
        "env in (a,,b)",
        ",env=test",
        "env>1"
      })
  void nonsenseIsRefused(String text) {
    assertThatThrownBy(() -> Selector.labels(text))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(DeployCode.BAD_SELECTOR));
  }

  @Test
  void namedNodesAreMeantAndNoOthers() {
    var other = KeyPair.generate(new SplittableRandom(2)).nodeId();
    assertThat(Selector.nodes(List.of(NODE)).matches(NODE, Map.of())).isTrue();
    assertThat(Selector.nodes(List.of(NODE)).matches(other, Map.of())).isFalse();
    assertThat(Selector.all().matches(other, Map.of())).isTrue();
  }

  @Test
  void aKindOfSelectorFromTheFutureIsRefusedRatherThanTakenForAll() {
    assertThatThrownBy(() -> SelectorCodec.CODEC.decode(new byte[] {0x20, 0x01}))
        .isInstanceOf(Fault.class);
    assertThatThrownBy(() -> SelectorCodec.CODEC.decode(new byte[0])).isInstanceOf(Fault.class);
  }
}
