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

/// The addresses that were asked last; most requests go where one of the few before them went.
struct RecentAddresses {
  private var recent: [ParsedAddress] = []
  private var oldest = 0

  private static let maximum = 16
  private static let longest = 512

  /// The address, parsed; nil for one that is seldom, long, or has a literal IPv6 host, whose zone libcurl 7.88 forgets
  /// in what is parsed.
  mutating func parsed(_ text: String) -> ParsedAddress? {
    if let known = recent.first(where: { $0.text == text }) { return known }
    guard text.utf8.count <= Self.longest, !text.utf8.contains(UInt8(ascii: "[")), let made = ParsedAddress(text) else {
      return nil
    }
    if recent.count < Self.maximum {
      recent.append(made)
    } else {
      recent[oldest] = made
      oldest = (oldest + 1) % Self.maximum
    }
    return made
  }
}
