import Testing

@testable import WeirPolicy

/// A generator that repeats itself, for tests alone.
struct Countdown: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

@Suite("Hashes of keys")
struct KeyHashTests {
  private func matches(_ hash: KeyHash, _ key: String) -> Bool {
    unsafe Array(key.utf8).withUnsafeBytes { unsafe hash.matches($0) }
  }

  @Test("know their own key and no other")
  func matching() {
    var generator = Countdown(state: 1)
    let key = ClientSecret.make(using: &generator)
    let hash = KeyHash(ofKey: key, using: &generator)
    #expect(matches(hash, key))
    for other in ["", "\(key)a", String(key.dropLast()), key.uppercased(), ClientSecret.make(using: &generator)] {
      #expect(!matches(hash, other))
    }
  }

  @Test("come back from their text, and hold nothing of the key but its public id")
  func text() throws {
    var generator = Countdown(state: 2)
    let key = ClientSecret.make(using: &generator)
    let hash = KeyHash(ofKey: key, using: &generator)
    let read = try #require(KeyHash(hash.description))
    #expect(read == hash)
    #expect(matches(read, key))
    #expect(!hash.description.contains(key.suffix(43)))
    #expect(key.split(separator: "-", maxSplits: 2)[1] == hash.id.description)
  }

  @Test("of one key differ by their salts, and keep its id")
  func salted() {
    var generator = Countdown(state: 3)
    let (first, second) = (
      KeyHash(ofKey: "sk-old", using: &generator), KeyHash(ofKey: "sk-old", using: &generator)
    )
    #expect(first != second)
    #expect(first.id == second.id)
  }

  /// `printf 'weir key id, v1.%s' sk-app-one | sha256sum`, its first 40 bits in base 32, lowest first; salt and digest by
  /// `sha256sum` over sixteen zero bytes and the key.
  @Test("are what any SHA-256 makes of them")
  func known() {
    let hash = KeyHash(ofKey: "sk-app-one")
    #expect(
      hash.description
        == "v1:z4ysi5fc:00000000000000000000000000000000:"
        + "210680673ae5511c1703265672f4482a0a80307324c527160c4b4af72a97ed46")
  }

  @Test(
    "are not read from anything else",
    arguments: [
      "", "sk-app", "v1:abcdefgh:00:00", "v2:abcdefgh:\(zeros(32)):\(zeros(64))",
      "v1:abcdefg1:\(zeros(32)):\(zeros(64))",
      "v1:abcdefgh:\(zeros(31))g:\(zeros(64))", "v1:abcdefgh:\(zeros(32)):\(zeros(64)):",
    ])
  func malformed(text: String) {
    #expect(KeyHash(text) == nil)
  }

  private static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

  @Test("take the id out of keys that weir made, and only of those")
  func identifiers() {
    func id(_ key: String) -> String { KeyHash(ofKey: key).id.description }
    let secret = String(repeating: "A", count: 43)
    #expect(id("weir-abcdefgh-\(secret)") == "abcdefgh")
    #expect(id("weir-abcdefgh-\(secret)A") != "abcdefgh")
    #expect(id("weir-abcdefg1-\(secret)") != "abcdefg1")
    #expect(id("weir-internal-1") != id("weir-internal-2"))
  }
}

@Suite("Keys that weir makes")
struct ClientSecretTests {
  @Test("have an id and 256 bits that no other key has")
  func shape() {
    var generator = SystemRandomNumberGenerator()
    var seen: Set<String> = []
    for _ in 0..<1000 {
      let key = ClientSecret.make(using: &generator)
      #expect(key.wholeMatch(of: /weir-[a-z2-7]{8}-[A-Za-z0-9_-]{43}/) != nil)
      #expect(seen.insert(key).inserted)
    }
  }
}
