/// Dotted-decimal IPv4 addresses.
enum IPv4 {
  /// The four numbers of `text`, or nil when it is not a dotted-decimal address.
  static func octets(of text: String) -> [Int]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var octets: [Int] = []
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isDigit), let octet = Int(part),
        octet <= 255
      else { return nil }
      octets.append(octet)
    }
    return octets
  }
}
