/// A way in which some server reads a path more loosely than RFC 3986 has it. The proxy must not let a path through
/// that one of them takes for a place outside the upstream's base path.
enum LaxDecoder: CaseIterable {
  /// Percent-decodes once.
  case once
  /// Percent-decodes once and takes backslashes for slashes (Windows servers).
  case backslashes
  /// Drops path parameters before it resolves dot segments (Java servlet containers).
  case parameters
  /// Resolves dot segments, then drops parameters and resolves again.
  case parametersLate
  /// Merges slashes first.
  case mergedSlashes
  /// Percent-decodes twice (a gateway in front of a server).
  case twice
  /// Percent-decodes until nothing changes.
  case untilStable
  /// Ends the path's segment at a NUL byte (C strings).
  case cutAtNul
  /// Decodes UTF-8 without refusing overlong forms (CVE-2000-0884, CVE-2008-2938).
  case overlong
  /// Ignores spaces that trail a segment's name (Windows file names).
  case trailingBlanks

  /// Whether `rest`, appended to a base path of two segments, names something outside of it.
  func leavesBase(_ rest: String) -> Bool {
    var depth = 0
    for segment in segments(Array(rest.utf8)) {
      if segment == Array("..".utf8) { depth -= 1 } else if segment != Array(".".utf8), !segment.isEmpty { depth += 1 }
      if depth < 0 { return true }
    }
    return false
  }

  private func segments(_ path: [UInt8]) -> [[UInt8]] {
    switch self {
    case .once: Self.split(Self.decode(path))
    case .backslashes: Self.split(Self.decode(path).map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 })
    case .parameters: Self.split(Self.decode(path)).map { Array($0.prefix { $0 != UInt8(ascii: ";") }) }
    case .parametersLate: Self.split(path).map { Self.decode(Array($0.prefix { $0 != UInt8(ascii: ";") })) }
    case .mergedSlashes: Self.split(Self.decode(path)).filter { !$0.isEmpty }
    case .twice: Self.split(Self.decode(Self.decode(path)))
    case .untilStable: Self.split(Self.decodedUntilStable(path))
    case .cutAtNul: Self.split(Self.decode(path)).map { Array($0.prefix { $0 != 0 }) }
    case .overlong: Self.split(Self.withoutOverlongForms(Self.decode(path)))
    case .trailingBlanks: Self.split(Self.decode(path)).map { Array($0.reversed().drop { $0 == 0x20 }.reversed()) }
    }
  }

  private static func split(_ path: [UInt8]) -> [[UInt8]] {
    path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
  }

  /// Leaves what is not two hexadecimal digits as it stands, as lax decoders do.
  private static func decode(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16),
        bytes[index + 1] != UInt8(ascii: "+"), bytes[index + 1] != UInt8(ascii: "-")
      {
        result.append(value)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  private static func decodedUntilStable(_ bytes: [UInt8]) -> [UInt8] {
    var current = bytes
    while true {
      let next = decode(current)
      if next == current { return current }
      current = next
    }
  }

  /// Two and three byte forms of ASCII characters.
  private static func withoutOverlongForms(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let rest = bytes[index...]
      if rest.count >= 2, rest[index] & 0xFE == 0xC0, rest[index + 1] & 0xC0 == 0x80 {
        result.append((rest[index] & 1) << 6 | rest[index + 1] & 0x3F)
        index += 2
      } else if rest.count >= 3, rest[index] == 0xE0, rest[index + 1] & 0xFE == 0x80, rest[index + 2] & 0xC0 == 0x80 {
        result.append((rest[index + 1] & 1) << 6 | rest[index + 2] & 0x3F)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
