import WeirWire

/// Kinds of content that weir knows by themselves: a pattern for their form, and their check digits where they have any.
public enum BuiltInContent: String, Sendable, CaseIterable {
  /// Keys and tokens of well-known services, private keys, JSON Web Tokens.
  case secrets
  /// Numbers of payment cards.
  case card
  /// Telephone numbers with a country's code, and North American ones.
  case phone
  /// E-mail addresses.
  case email
  /// Numbers that states give to people.
  case nationalID = "national_id"
  /// International bank account numbers.
  case iban

  /// A form that the content has.
  struct Detector: Sendable {
    /// In RE2's syntax.
    let pattern: String
    /// Nil takes each match as it is.
    var check: RequestScreen.Check?
    /// Whether another number may begin within one that did not hold.
    var looksWithin = false
  }

  var detectors: [Detector] {
    switch self {
    case .secrets: SecretShapes.detectors
    case .card: [Detector(pattern: #"\d(?:[ -]?\d){12,}"#, check: CardNumber.find)]
    case .phone: PhoneNumber.detectors
    case .email: [EmailAddress.detector]
    case .nationalID: NationalNumber.detectors
    case .iban:
      [Detector(pattern: #"(?i:[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30})"#, check: BankAccount.find, looksWithin: true)]
    }
  }
}

/// Reading candidates byte by byte.
enum Candidate {
  /// Whether a letter or digit stands right before or behind: then it is a part of something else.
  static func touchesWord(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let before = range.lowerBound > 0 && isAlphanumeric(text[range.lowerBound - 1])
    return before || range.upperBound < text.count && isAlphanumeric(text[range.upperBound])
  }

  /// Letters, in upper case, and digits; separators are left out.
  static func signs(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var signs: [UInt8] = []
    signs.reserveCapacity(range.count)
    for index in range where isAlphanumeric(text[index]) {
      let byte = text[index]
      signs.append(byte >= UInt8(ascii: "a") ? byte - 0x20 : byte)
    }
    return signs
  }

  /// The values of digits; nil where another sign is among them.
  static func digits(_ signs: some Sequence<UInt8>) -> [Int]? {
    var digits: [Int] = []
    for sign in signs {
      guard isDigit(sign) else { return nil }
      digits.append(Int(sign) - 0x30)
    }
    return digits
  }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
