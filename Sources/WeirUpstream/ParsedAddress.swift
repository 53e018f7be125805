import CWeirCurl

/// A URL that libcurl has parsed: a request to it needs no other look at its text. Lives on one event loop.
@safe final class ParsedAddress {
  let text: String
  let pointer: OpaquePointer

  /// Nil where libcurl cannot read it; then it says why once it is asked to go there.
  init?(_ text: String) {
    guard let pointer = unsafe curl_url() else { return nil }
    guard unsafe curl_url_set(pointer, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK else {
      unsafe curl_url_cleanup(pointer)
      return nil
    }
    self.text = text
    unsafe self.pointer = pointer
  }

  deinit { unsafe curl_url_cleanup(pointer) }
}

extension RecentTexts<ParsedAddress> {
  private static var longest: Int { 512 }

  /// The address, parsed; nil for one that is seldom, long, or has a literal IPv6 host, whose zone libcurl 7.88 forgets
  /// in what is parsed.
  mutating func parsed(_ text: String) -> ParsedAddress? {
    guard text.utf8.count <= Self.longest else { return nil }
    return value(for: text) { text in
      text.utf8.contains(UInt8(ascii: "[")) ? nil : ParsedAddress(text)
    }
  }
}
