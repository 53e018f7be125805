import Crypto

/// A kept reply as one value of a store that several sidecars share.
///
/// Outside: four bytes `wrc1` (format and version), one of flags, eight of the time to live in milliseconds. Then,
/// sealed, the key's id, the nonce and what `ReplySeal` made of the payload; or, in clear, sixteen bytes of a SHA-256
/// over the entry's key, all before it and the payload, so that damage is found. The key is part of both, so a value
/// that was moved to another entry is not taken for that one's. How old a reply is comes from the time that the store
/// still gives it, so hosts' clocks do not matter.
///
/// Whoever may write to the store may write anything: a reader believes nothing, but only a sealed value is sure to be
/// a sidecar's.
public struct FleetReplyFormat: Sendable {
  /// Seals the replies; nil leaves them in clear.
  public var seal: ReplySeal?
  /// A value above this is neither written nor read.
  public var maximumBytes: Int
  /// A body above this is not read.
  public var maximumBodyBytes: Int
  /// Replies from this size on stay compressed in memory; 0 keeps none so.
  public var compressFrom: Int

  /// The longest that a reply is kept: a day, in milliseconds.
  static let longestTimeToLive = CacheDirectives.longestTimeToLive * 1000
  private static let version = Array("wrc1".utf8)
  private static let headerBytes = 13
  private static let checksumBytes = 16

  /// Why a value is not read.
  public enum Fault: Error, Sendable, CaseIterable {
    /// It is no value of weir's, or of another version of it.
    case foreign
    /// It is sealed and this process has no key, or in clear where it has one.
    case otherSeal
    /// It was sealed with another key.
    case otherKey
    /// It was changed, cut or moved.
    case damaged
    /// It, or the body in it, is over a bound.
    case tooLarge
    /// It has no end of its time.
    case endless
  }

  /// What was read.
  public struct Read: Sendable {
    /// The reply, as old as it is, by the clock of this process.
    public let reply: StoredReply
    /// How long it was to be kept in all, in whole seconds.
    public let timeToLiveSeconds: Int
  }

  /// Names the bounds.
  public init(seal: ReplySeal? = nil, maximumBytes: Int, maximumBodyBytes: Int, compressFrom: Int) {
    self.seal = seal
    self.maximumBytes = maximumBytes
    self.maximumBodyBytes = maximumBodyBytes
    self.compressFrom = compressFrom
  }

  /// What an entry is called in the store, in hexadecimal: a hash of a hash of the request.
  public func name(of key: CacheKey) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in seal?.name(of: key) ?? key.bytes {
      text.append(Self.digit(byte >> 4))
      text.append(Self.digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x57) }

  /// The value of a reply that `KeepReply` allows; nil where it is over the bound or could not be read again.
  ///
  /// - Parameters:
  ///   - reply: compressed already, where that helps. Takes milliseconds a megabyte, so it belongs off the event loop.
  ///   - nonce: `ReplySeal.nonceBytes` bytes that nobody can guess; not used without a seal.
  public func encode(
    _ reply: StoredReply, for key: CacheKey, timeToLiveSeconds: Int, nonce: [UInt8]
  ) -> [UInt8]? {
    guard (1...CacheDirectives.longestTimeToLive).contains(timeToLiveSeconds),
      reply.body.count + reply.head.count <= maximumBytes, let payload = Self.payload(of: reply)
    else { return nil }
    var value = PackedWriter(capacity: payload.count + 64)
    value.append(raw: Self.version)
    value.append(UInt8(seal == nil ? 0 : 1))
    value.append(UInt64(timeToLiveSeconds * 1000))
    if let seal {
      value.append(raw: seal.keyID)
      let header = value.bytes
      guard let sealed = seal.seal(payload, nonce: nonce, header: header, key: key) else { return nil }
      value.append(raw: nonce)
      value.append(raw: sealed)
    } else {
      value.append(raw: Self.checksum(payload[...], header: value.bytes[...], key: key))
      value.append(raw: payload)
    }
    return value.bytes.count <= maximumBytes ? value.bytes : nil
  }

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - bytes: any.
  ///   - remainingMilliseconds: how much longer the store keeps it.
  ///   - now: nanoseconds of the monotonic clock.
  public func decode(
    _ bytes: [UInt8], for key: CacheKey, remainingMilliseconds: Int64, now: Int64
  ) throws(Fault) -> Read {
    guard bytes.count <= maximumBytes else { throw .tooLarge }
    guard remainingMilliseconds > 0 else { throw .endless }
    var reader = PackedReader(bytes[...])
    guard let version = reader.raw(Self.version.count), version.elementsEqual(Self.version),
      let flags = reader.byte(), flags <= 1, let timeToLive = reader.number(upTo: Self.longestTimeToLive),
      timeToLive >= 1000
    else { throw .foreign }
    guard (flags == 1) == (seal != nil) else { throw .otherSeal }
    let payload = try payload(&reader, header: bytes[..<Self.headerBytes], all: bytes, key: key)
    let remaining = min(remainingMilliseconds, Int64(timeToLive))
    let age = (Int64(timeToLive) - remaining) * 1_000_000
    let (storedAt, overflows) = now.subtractingReportingOverflow(age)
    let reply = try reply(payload, storedAt: overflows ? .min : storedAt)
    return Read(reply: reply, timeToLiveSeconds: timeToLive / 1000)
  }

  private func payload(
    _ reader: inout PackedReader, header: ArraySlice<UInt8>, all bytes: [UInt8], key: CacheKey
  ) throws(Fault) -> ArraySlice<UInt8> {
    guard let seal else {
      guard let sum = reader.raw(Self.checksumBytes), let payload = reader.raw(reader.count),
        sum.elementsEqual(Self.checksum(payload, header: header, key: key))
      else { throw .damaged }
      return payload
    }
    guard let id = reader.raw(ReplySeal.keyIDBytes) else { throw .damaged }
    guard id.elementsEqual(seal.keyID) else { throw .otherKey }
    let header = bytes[..<(Self.headerBytes + ReplySeal.keyIDBytes)]
    guard let nonce = reader.raw(ReplySeal.nonceBytes), let sealed = reader.raw(reader.count),
      let payload = seal.open(sealed, nonce: nonce, header: header, key: key)
    else { throw .damaged }
    return payload[...]
  }

  private static func checksum(_ payload: ArraySlice<UInt8>, header: ArraySlice<UInt8>, key: CacheKey) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: key.bytes)
    hash.update(data: header)
    hash.update(data: payload)
    return Array(hash.finalize().prefix(checksumBytes))
  }
}
