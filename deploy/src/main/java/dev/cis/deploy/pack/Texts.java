package dev.cis.deploy.pack;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Words of others in messages, and the right word for a wrong one. */
final class Texts {
  private static final int MAX_SHOWN = 80;

  private Texts() {}

  /** Cut, and stripped of what could move a terminal's cursor. */
  static String printable(String text) {
    var cut = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
    return cut.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
  }

  /** The known word that is at most two edits away, or shares a beginning of four letters. */
  static Optional<String> nearest(String wrong, Collection<String> known) {
    var word = wrong.toLowerCase(java.util.Locale.ROOT).replace('-', '_');
    return known.stream()
        .filter(right ->
            distance(word, right) <= 2
                || (word.length() >= 4 && right.startsWith(word.substring(0, 4))))
        .min(Comparator.comparingInt(right -> distance(word, right)));
  }

  /** Levenshtein's distance. */
  static int distance(String a, String b) {
    if (a.length() > MAX_SHOWN) {
      return Integer.MAX_VALUE;
    }
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
