/// Textual IPv6 addresses (RFC 4291, section 2.2), without zone identifiers.
enum IPv6 {
  /// The eight groups of `text`, or nil when it is not an address.
  static func groups(of text: String) -> [UInt16]? {
    let halves = split(text)
    guard halves.count <= 2, let head = groups(listed: halves.first ?? "") else { return nil }
    guard halves.count == 2 else { return head.count == 8 ? head : nil }
    guard let tail = groups(listed: halves[1]), head.count + tail.count <= 7 else { return nil }
    // An IPv4 tail is the address's end, so it cannot stand before the gap.
    guard !halves[0].contains(".") else { return nil }
    return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
  }

  /// Whether the address is this machine's own: `::1`, or 127.0.0.0/8 mapped into IPv6.
  static func isLoopback(_ groups: [UInt16]) -> Bool {
    guard groups.count == 8 else { return false }
    if groups == [0, 0, 0, 0, 0, 0, 0, 1] { return true }
    return groups[0..<6] == [0, 0, 0, 0, 0, 0xFFFF] && groups[6] >> 8 == 127
  }

  /// What stands before and after each `::`.
  private static func split(_ text: String) -> [String] {
    var halves: [String] = [""]
    var rest = text[...]
    while let first = rest.first {
      if rest.hasPrefix("::") {
        halves.append("")
        rest = rest.dropFirst(2)
      } else {
        halves[halves.count - 1].append(first)
        rest = rest.dropFirst()
      }
    }
    return halves
  }

  private static func groups(listed text: String) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, let octets = IPv4.octets(of: String(part)) {
        groups.append(UInt16(octets[0] << 8 | octets[1]))
        groups.append(UInt16(octets[2] << 8 | octets[3]))
      } else if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isHexDigit),
        let group = UInt16(part, radix: 16)
      {
        groups.append(group)
      } else {
        return nil
      }
    }
    return groups
  }
}
