/// E-mail addresses in the form that people write (RFC 5321's, without quotes and address literals), letters of the
/// alphabets up to U+1FFF included; of scripts without spaces between words, as Chinese, only Latin addresses are seen.
enum EmailAddress {
  static let detector = BuiltInContent.Detector(pattern: pattern, check: find)

  private static let pattern: String = {
    let letters = #"A-Za-z0-9\x{00C0}-\x{1FFF}"#
    let label = "[\(letters)](?:[\(letters)-]*[\(letters)])?"
    return #"[\#(letters)._%+'~-]+@(?:\#(label)\.)+(?:xn--[A-Za-z0-9-]+|[A-Za-z\x{00C0}-\x{1FFF}]{2,})"#
  }()

  /// Names of pictures for dense screens (`logo@2x.png`) have the form of an address.
  private static func find(_ text: Span<UInt8>, _ match: Range<Int>) -> Range<Int>? {
    let ending = match.suffix(6).map { text[$0] }
    for picture in [".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"]
    where ending.suffix(picture.utf8.count)
      .elementsEqual(picture.utf8)
    {
      return nil
    }
    return match
  }
}
