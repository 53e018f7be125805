/// Telephone numbers with the code of a country (ITU-T E.164: `+` or `00`, 8 to 15 digits), `tel:` addresses, and the
/// North American form. Other countries' numbers without the code of the country look like any number.
enum PhoneNumber {
  static let detectors = [
    BuiltInContent.Detector(pattern: #"(?:\+|00)[1-9](?:[ .()/-]{0,2}\d){7,14}"#, check: find, looksWithin: true),
    BuiltInContent.Detector(pattern: #"tel:\+?[0-9().-]{7,20}"#),
    BuiltInContent.Detector(
      pattern: #"(?:1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}"#, check: find, looksWithin: true),
  ]

  private static func find(_ text: Span<UInt8>, _ match: Range<Int>) -> Range<Int>? {
    Candidate.touchesWord(text, match) ? nil : match
  }
}
