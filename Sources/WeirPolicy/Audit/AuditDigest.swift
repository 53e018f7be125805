/// Fingerprints for the audit log.
public enum AuditDigest {
  /// SHA-256 as 64 hexadecimal digits.
  public static func hex(_ text: String) -> String {
    String(decoding: AuditChain.digest(Array(text.utf8)[...]), as: UTF8.self)
  }

  /// A user's name is often a person's: the first 16 digits of its SHA-256 tell users apart, and lead back only to
  /// those whose name one has.
  public static func user(_ name: String) -> String { "sha256:" + hex(name).prefix(16) }
}
