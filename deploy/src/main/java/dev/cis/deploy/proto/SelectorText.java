package dev.cis.deploy.proto;

import dev.cis.deploy.proto.Selector.Operator;
import dev.cis.deploy.proto.Selector.Requirement;
import dev.cis.kernel.fault.Fault;
import java.util.ArrayList;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The text form of label requirements. */
final class SelectorText {
  private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?";
  private static final Pattern EQUALITY =
      Pattern.compile("\\s*(" + LABEL + ")\\s*(=|==|!=)\\s*(" + LABEL + ")\\s*(?:,|$)");
  private static final Pattern SET =
      Pattern.compile("\\s*(" + LABEL + ")\\s+(in|notin)\\s*\\(([^()]*)\\)\\s*(?:,|$)");
  private static final Pattern VALUE = Pattern.compile(LABEL);
  private static final int MAX_TEXT = 4096;

  private final String text;

  SelectorText(String text) {
    this.text = text;
  }

  Selector read() {
    if (text.isBlank() || text.length() > MAX_TEXT || text.stripTrailing().endsWith(",")) {
      throw bad();
    }
    var requirements = new ArrayList<Requirement>();
    int at = 0;
    while (at < text.length()) {
      var equality = EQUALITY.matcher(text).region(at, text.length());
      var set = SET.matcher(text).region(at, text.length());
      if (equality.lookingAt()) {
        var operator = equality.group(2).equals("!=") ? Operator.NOT_IN : Operator.IN;
        var values = new TreeSet<String>();
        values.add(equality.group(3));
        requirements.add(new Requirement(equality.group(1), operator, values));
        at = equality.end();
      } else if (set.lookingAt()) {
        var operator = set.group(2).equals("notin") ? Operator.NOT_IN : Operator.IN;
        requirements.add(new Requirement(set.group(1), operator, values(set.group(3))));
        at = set.end();
      } else {
        throw bad();
      }
      if (requirements.size() > Selector.MAX_TERMS) {
        throw bad();
      }
    }
    return new Selector.Labels(requirements);
  }

  static String write(Requirement requirement) {
    var values = String.join(",", requirement.values());
    boolean one = requirement.values().size() == 1;
    return switch (requirement.operator()) {
      case IN -> requirement.key() + (one ? "=" + values : " in (" + values + ")");
      case NOT_IN -> requirement.key() + (one ? "!=" + values : " notin (" + values + ")");
    };
  }

  private SortedSet<String> values(String list) {
    var values = new TreeSet<String>();
    for (var value : list.split(",", -1)) {
      if (!VALUE.matcher(value.strip()).matches()) {
        throw bad();
      }
      values.add(value.strip());
    }
    if (values.size() > 64) {
      throw bad();
    }
    return values;
  }

  private Fault bad() {
    var shown = text.substring(0, Math.min(80, text.length())).replaceAll("\\p{Cntrl}", "?");
    return new Fault(
        DeployCode.BAD_SELECTOR,
        "'" + shown + "' is no label selector; write for example 'env=test,tier in (a,b)'");
  }
}
