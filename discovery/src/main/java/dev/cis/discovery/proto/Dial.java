package dev.cis.discovery.proto;

/**
 * Dial this one now, and say {@code Reached} or {@code Failed} once.
 *
 * @param candidate whom
 * @param attempt 1 for the first since it was last reached
 */
public record Dial(Candidate candidate, int attempt) {}
