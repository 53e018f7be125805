import Crypto

/// Keeps replies secret in a store that others may read, and from being changed or moved there: AES-256-GCM (NIST SP
/// 800-38D).
///
/// Each cache key has an encryption key of its own, expanded from the configured one (HKDF, RFC 5869, section 2.3), so
/// that no fleet comes near the number of random nonces that one key may have. The store's names are a keyed hash too:
/// without the key nobody can tell whether a request he guesses was asked.
public struct ReplySeal: Sendable {
  /// Bytes of the configured key.
  public static let keyBytes = 32
  /// Bytes of a nonce.
  public static let nonceBytes = 12
  static let keyIDBytes = 8
  static let tagBytes = 16

  /// Tells keys apart, and nothing else of them.
  let keyID: [UInt8]
  private let sealing: SymmetricKey
  private let naming: SymmetricKey

  /// Nil unless the key has `keyBytes` bytes.
  public init?(key: [UInt8]) {
    guard key.count == Self.keyBytes else { return nil }
    let key = SymmetricKey(data: key)
    sealing = Self.derived(key, "weir fleet cache sealing")
    naming = Self.derived(key, "weir fleet cache naming")
    keyID = Array(Self.mac("weir fleet cache key id".utf8, key).prefix(Self.keyIDBytes))
  }

  /// What an entry is called in the store, thirty-two bytes.
  func name(of key: CacheKey) -> [UInt8] { Self.mac(key.bytes, naming) }

  /// The text sealed, with the tag behind it; nil where the nonce has the wrong length.
  ///
  /// - Parameter header: goes along in clear, and must be the same when it is opened.
  func seal(_ text: [UInt8], nonce: [UInt8], header: [UInt8], key: CacheKey) -> [UInt8]? {
    guard nonce.count == Self.nonceBytes,
      let nonce = try? AES.GCM.Nonce(data: nonce),
      let box = try? AES.GCM.seal(text, using: entryKey(key), nonce: nonce, authenticating: header)
    else { return nil }
    var sealed: [UInt8] = []
    sealed.reserveCapacity(text.count + Self.tagBytes)
    sealed.append(contentsOf: box.ciphertext)
    sealed.append(contentsOf: box.tag)
    return sealed
  }

  /// What was sealed; nil where anything of it, of the header, of the key or of the entry's is another.
  func open(
    _ sealed: ArraySlice<UInt8>, nonce: ArraySlice<UInt8>, header: ArraySlice<UInt8>, key: CacheKey
  ) -> [UInt8]? {
    guard sealed.count >= Self.tagBytes, nonce.count == Self.nonceBytes,
      let nonce = try? AES.GCM.Nonce(data: nonce),
      let box = try? AES.GCM.SealedBox(
        nonce: nonce, ciphertext: sealed.dropLast(Self.tagBytes), tag: sealed.suffix(Self.tagBytes)),
      let text = try? AES.GCM.open(box, using: entryKey(key), authenticating: header)
    else { return nil }
    return Array(text)
  }

  private func entryKey(_ key: CacheKey) -> SymmetricKey {
    HKDF<SHA256>.expand(pseudoRandomKey: sealing, info: key.bytes, outputByteCount: Self.keyBytes)
  }

  private static func derived(_ key: SymmetricKey, _ purpose: String) -> SymmetricKey {
    HKDF<SHA256>.expand(pseudoRandomKey: key, info: Array(purpose.utf8), outputByteCount: keyBytes)
  }

  private static func mac(_ bytes: some Sequence<UInt8>, _ key: SymmetricKey) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(bytes), using: key))
  }
}
