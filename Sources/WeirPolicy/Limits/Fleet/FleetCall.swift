/// One call of a script of limits in the store.
public struct FleetCall: Sendable, Equatable {
  /// Which script.
  public enum Script: Sendable {
    case admit, settle
  }

  /// Which script.
  public let script: Script
  /// In the order that the script expects, without the prefix.
  public let keys: [String]
  /// Whole numbers in decimal, divided by spaces; the scripts say what each is.
  public let numbers: String
}

/// Puts the arguments of a script together, one after the other.
struct FleetWords {
  private(set) var text = ""

  mutating func append(_ word: String) {
    if !text.isEmpty { text += " " }
    text += word
  }

  mutating func append(_ number: Int) { append(String(number)) }
  mutating func append(_ number: Int64) { append(String(number)) }

  mutating func append(_ amount: OwnerSpending.Amount) {
    append(amount.usd.value)
    append(amount.tokens)
  }
}

/// Reads an answer's whole numbers, one after the other; nil for what is none.
struct FleetNumbers {
  private var words: ArraySlice<Substring.UTF8View>

  init(_ bytes: [UInt8]) {
    words = Substring(decoding: bytes, as: UTF8.self).utf8.split(separator: UInt8(ascii: " "))[...]
  }

  mutating func next() -> Int64? {
    guard let word = words.popFirst() else { return nil }
    if let number = Int64(Substring(word)) { return number }
    // A time that is too long for a number is as good as for ever.
    return word.allSatisfy { (0x30...0x39).contains($0) } ? .max : nil
  }

  var isEmpty: Bool { words.isEmpty }
}
