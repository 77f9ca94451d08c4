package dev.cis.discovery.proto;

/**
 * Somebody to dial.
 *
 * @param key a NodeId in its text form, or an entry of the bootstrap list as it was written
 * @param source who knows it
 */
public record Candidate(String key, Source source) {}
