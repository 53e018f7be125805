internal import Crypto

/// A Lua script with its SHA-1: sent by EVALSHA, and whole by EVAL where the store says NOSCRIPT.
public struct StoreScript: Sendable {
  /// What it is for.
  public let operation: StoreOperation
  /// `$7\r\nEVALSHA…`: the first two words on the wire.
  let byDigest: [UInt8]
  let bySource: [UInt8]

  /// Works the digest out; make it once, not for every call.
  public init(_ operation: StoreOperation, _ source: String) {
    self.operation = operation
    let digits = Array("0123456789abcdef".utf8)
    let digest = Insecure.SHA1.hash(data: Array(source.utf8)).flatMap { byte in
      [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    byDigest = StoreWire.words([Array("EVALSHA".utf8), digest])
    bySource = StoreWire.words([Array("EVAL".utf8), Array(source.utf8)])
  }
}

/// Commands as RESP2 writes them: an array of counted strings.
enum StoreWire {
  static func head(count: Int) -> [UInt8] { Array("*\(count)\r\n".utf8) }

  static func words(_ words: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.reduce(0) { $0 + $1.count + 16 })
    for word in words { append(word, to: &bytes) }
    return bytes
  }

  static func command(_ words: [[UInt8]]) -> [UInt8] { head(count: words.count) + Self.words(words) }

  static func command(_ words: String...) -> [UInt8] { command(words.map { Array($0.utf8) }) }

  private static func append(_ word: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "$"))
    bytes.append(contentsOf: String(word.count).utf8)
    bytes.append(contentsOf: [13, 10])
    bytes.append(contentsOf: word)
    bytes.append(contentsOf: [13, 10])
  }
}
