package dev.cis.kernel.fault;

/** The codes of the kernel. */
public enum KernelCode implements Code {
  MALFORMED(
      "kernel.malformed",
      Kind.INVALID,
      "Bytes do not follow the protocol; the peer that sent them is broken, older or hostile."),
  TOO_LARGE(
      "kernel.too-large",
      Kind.INVALID,
      "A field or message is larger than its limit; the message names the limit."),
  BAD_SIGNATURE(
      "kernel.bad-signature",
      Kind.DENIED,
      "A signature does not match the bytes and the key; the bytes were changed or forged."),
  BAD_IDENTITY(
      "kernel.bad-identity",
      Kind.INVALID,
      "Text is not a NodeId, DID or public key; compare it with the output of 'cis p2p status'."),
  DEFECT("kernel.defect", Kind.INTERNAL, "A defect of cis; please report it with the daemon log.");

  private final String text;
  private final Kind kind;
  private final String help;

  KernelCode(String text, Kind kind, String help) {
    this.text = text;
    this.kind = kind;
    this.help = help;
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public String help() {
    return help;
  }
}
