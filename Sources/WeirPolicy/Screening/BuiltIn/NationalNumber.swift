import WeirWire

/// Numbers that states give to people, with their check digits where they have any. One without is only told by its
/// usual separators.
enum NationalNumber {
  static let detectors = [
    // United States, Social Security (SSA: no area 000, 666 or from 900 on).
    detector(#"\d{3}[- ]\d{2}[- ]\d{4}"#) { signs in
      guard let number = number(signs) else { return false }
      let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000)
      return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
    },
    // United Kingdom, National Insurance (HMRC, NIM39110).
    detector(#"(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])"#) { signs in
      !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(String(decoding: signs.prefix(2), as: UTF8.self))
    },
    // Germany, Steuerliche Identifikationsnummer.
    detector(#"[1-9]\d[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}"#, isGermanTaxID),
    // France, numéro d'inscription au répertoire (INSEE); Corsica's 2A and 2B count as 19 and 18.
    detector(#"(?i:[123478] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2})"#, isFrenchNIR),
    // Spain, DNI and NIE.
    detector(#"(?i:(?:\d{8}|[XYZ]-?\d{7})[- ]?[A-HJ-NP-TV-Z])"#, isSpanishDNI),
    // Italy, codice fiscale.
    detector(#"(?i:[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z])"#, isItalianCode),
    // Poland, PESEL.
    detector(#"\d{11}"#) { signs in
      guard let digits = Candidate.digits(signs), isMonth(digits[2] % 2 * 10 + digits[3]) else { return false }
      return weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).isMultiple(of: 10)
    },
    // India, Aadhaar.
    detector(#"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}"#) { Candidate.digits($0).map(Checksum.verhoeff) ?? false },
    // China, resident identity number (GB 11643).
    detector(#"[1-9]\d{5}(?:19|20)\d{9}[0-9Xx]"#, isChineseID),
    // Brazil, CPF.
    detector(#"\d{3}\.\d{3}\.\d{3}-\d{2}"#, isBrazilianCPF),
    // Canada, Social Insurance.
    detector(#"[1-79]\d{2}[- ]\d{3}[- ]\d{3}"#) { Candidate.digits($0).map { Checksum.luhn($0[...]) } ?? false },
  ]

  private static func detector(
    _ pattern: String, _ isValid: @escaping @Sendable ([UInt8]) -> Bool
  ) -> BuiltInContent.Detector {
    let check: RequestScreen.Check = { text, match in
      Candidate.touchesWord(text, match) || !isValid(Candidate.signs(text, match)) ? nil : match
    }
    return BuiltInContent.Detector(pattern: pattern, check: check, looksWithin: true)
  }

  private static func number(_ signs: some Sequence<UInt8>) -> Int? {
    Candidate.digits(signs)?.prefix(18).reduce(0) { $0 * 10 + $1 }
  }

  private static func weighted(_ digits: some Sequence<Int>, _ weights: [Int]) -> Int {
    zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func isMonth(_ month: Int) -> Bool { (1...12).contains(month) }

  /// Of the first ten digits one comes twice or three times, and no other more than once (BZSt).
  private static func isGermanTaxID(_ signs: [UInt8]) -> Bool {
    guard let digits = Candidate.digits(signs) else { return false }
    let counts = digits.dropLast().reduce(into: [Int](repeating: 0, count: 10)) { $0[$1] += 1 }
    let repeated = counts.filter { $0 > 1 }
    return repeated.count == 1 && repeated.allSatisfy { $0 <= 3 } && Checksum.mod11And10(digits)
  }

  private static func isFrenchNIR(_ signs: [UInt8]) -> Bool {
    var signs = signs
    var correction = 0
    if let letter = signs.firstIndex(where: { !Candidate.isDigit($0) }) {
      correction = signs[letter] == UInt8(ascii: "A") ? 1_000_000 : 2_000_000
      signs[letter] = UInt8(ascii: "0")
    }
    guard signs.count == 15, let body = number(signs.prefix(13)), let key = number(signs.suffix(2)) else {
      return false
    }
    let month = number(signs[3...4]) ?? 0
    return (isMonth(month) || month >= 20) && 97 - (body - correction) % 97 == key
  }

  private static func isSpanishDNI(_ signs: [UInt8]) -> Bool {
    let letters = Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)
    var signs = signs
    guard let first = signs.first, let letter = signs.popLast() else { return false }
    if !Candidate.isDigit(first) { signs[0] = first - UInt8(ascii: "X") + 0x30 }
    return number(signs).map { letters[$0 % 23] == letter } ?? false
  }

  /// Decreto ministeriale 23 dicembre 1976, n. 13813.
  private static func isItalianCode(_ signs: [UInt8]) -> Bool {
    let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
    guard let check = signs.last, signs.count == 16 else { return false }
    var sum = 0
    for (place, sign) in signs.dropLast().enumerated() {
      let value = Int(sign) - (Candidate.isDigit(sign) ? 0x30 : 0x41)
      sum += place.isMultiple(of: 2) ? odd[value] : value
    }
    return sum % 26 == Int(check) - 0x41
  }

  private static func isChineseID(_ signs: [UInt8]) -> Bool {
    guard let digits = Candidate.digits(signs.dropLast()), let check = signs.last, digits.count == 17 else {
      return false
    }
    let sum = weighted(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    return isMonth(digits[10] * 10 + digits[11]) && Array("10X98765432".utf8)[sum % 11] == check
  }

  private static func isBrazilianCPF(_ signs: [UInt8]) -> Bool {
    guard let digits = Candidate.digits(signs), digits.count == 11, Set(digits).count > 1 else { return false }
    func check(_ count: Int) -> Int {
      let rest = weighted(digits.prefix(count), Array((2...count + 1).reversed())) * 10 % 11
      return rest == 10 ? 0 : rest
    }
    return check(9) == digits[9] && check(10) == digits[10]
  }
}
