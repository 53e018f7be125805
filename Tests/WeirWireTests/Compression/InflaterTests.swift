import Testing
import WeirWire

@Suite("Inflater")
struct InflaterTests {
  private static let text = Array(String(repeating: "The quick brown fox. ", count: 40).utf8)

  /// Header and trailer taken off a gzip member leave a bare deflate stream (RFC 1952, section 2.3).
  private func bare(_ bytes: [UInt8]) throws -> [UInt8] {
    Array(try #require(Gzip.compress(bytes, level: 6)).dropFirst(10).dropLast(8))
  }

  /// RFC 1950's wrapper around a bare deflate stream.
  private func zlib(_ bytes: [UInt8]) throws -> [UInt8] {
    var low: UInt32 = 1
    var high: UInt32 = 0
    for byte in bytes {
      low = (low + UInt32(byte)) % 65_521
      high = (high + low) % 65_521
    }
    let sum = high << 16 | low
    return try [0x78, 0x9c] + bare(bytes) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
  }

  @Test("undoes gzip at every level, also of nothing")
  func gzip() throws {
    for level in -1...10 {
      let packed = try #require(Gzip.compress(Self.text, level: level))
      #expect(inflate([packed[...]], .gzip) == .success(Self.text))
    }
    let nothing = try #require(Gzip.compress([], level: 6))
    #expect(inflate([nothing[...]], .gzip) == .success([]))
  }

  @Test("undoes deflate with zlib's wrapper and without")
  func deflate() throws {
    #expect(inflate([try zlib(Self.text)[...]], .deflate) == .success(Self.text))
    #expect(inflate([try bare(Self.text)[...]], .deflate) == .success(Self.text))
    #expect(inflate([try zlib([])[...]], .deflate) == .success([]))
  }

  @Test("any split of the same bytes gives the same output")
  func splits() throws {
    var random = SeededGenerator(seed: 10)
    for _ in 0..<300 {
      let plain = (0..<random.below(3000)).map { _ in UInt8(random.below(random.pick([2, 256]))) }
      let packed = try #require(Gzip.compress(plain, level: 1 + random.below(9)))
      #expect(inflate(random.split(packed), .gzip) == .success(plain))
      #expect(inflate(random.split(try zlib(plain)), .deflate) == .success(plain))
      #expect(inflate(random.split(try bare(plain)), .deflate) == .success(plain))
    }
  }

  @Test("takes gzip members that follow each other as one body")
  func members() throws {
    let one = try #require(Gzip.compress(Self.text, level: 9))
    let none = try #require(Gzip.compress([], level: 9))
    let all = one + none + one
    #expect(inflate([all[...]], .gzip) == .success(Self.text + Self.text))
    #expect(inflate(all.indices.map { all[$0...$0] }, .gzip) == .success(Self.text + Self.text))
    #expect(inflate([all.dropLast()], .gzip) == .failure(.truncated))
  }

  @Test("says so when the stream is cut off anywhere")
  func truncation() throws {
    let gzip = try #require(Gzip.compress(Self.text, level: 6))
    for length in 0..<gzip.count { #expect(inflate([gzip[..<length]], .gzip) == .failure(.truncated)) }
    let wrapped = try zlib(Self.text)
    for length in 0..<wrapped.count {
      #expect(inflate([wrapped[..<length]], .deflate) == .failure(.truncated))
    }
  }

  @Test("refuses what is damaged, of another kind, or followed by something else")
  func corrupt() throws {
    var damaged = try #require(Gzip.compress(Self.text, level: 6))
    #expect(inflate([damaged[...] + [1, 2, 3]], .gzip) == .failure(.corrupt))
    damaged[damaged.count - 6] ^= 1
    #expect(inflate([damaged[...]], .gzip) == .failure(.corrupt))
    #expect(inflate([Array("{\"model\":\"x\"}".utf8)[...]], .gzip) == .failure(.corrupt))
    #expect(inflate([[0xff, 0xff, 0xff][...]], .deflate) == .failure(.corrupt))
    #expect(inflate([try zlib(Self.text)[...] + [0]], .deflate) == .failure(.corrupt))
  }

  @Test("random bytes crash nothing")
  func garbage() throws {
    var random = SeededGenerator(seed: 11)
    let good = try #require(Gzip.compress(Self.text, level: 6))
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0..<3 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      _ = inflate(random.split(bytes), .gzip, limit: 10_000)
      _ = inflate(random.split(bytes), .deflate, limit: 10_000)
    }
  }

  @Test("stops a bomb at its limit; what just fits passes")
  func bomb() throws {
    let zeros = [UInt8](repeating: 0, count: 5_000_000)
    let packed = try #require(Gzip.compress(zeros, level: 9))
    #expect(packed.count < 6000)
    #expect(inflate([packed[...]], .gzip, limit: zeros.count) == .success(zeros))
    #expect(inflate([packed[...]], .gzip, limit: zeros.count - 1) == .failure(.tooLarge))
    #expect(inflate([packed[...]], .gzip, limit: 0) == .failure(.tooLarge))
    var sunk = 0
    let inflater = try #require(Inflater(encoding: .gzip, limit: 100_000))
    func attempt() throws {
      unsafe try packed.withUnsafeBytes { bytes in unsafe try inflater.inflate(bytes) { sunk += $0.count } }
    }
    for _ in 0..<2 { #expect(throws: InflateError.tooLarge) { try attempt() } }
    #expect(sunk <= 100_000)
    #expect(throws: InflateError.tooLarge) { try inflater.finish() }
  }
}
