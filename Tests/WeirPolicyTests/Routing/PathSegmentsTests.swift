import Testing

@testable import WeirPolicy

@Suite("A path")
struct PathSegmentsTests {
  private static let dots = [".", "%2e", "%2E"]
  private static let slashes = ["/", "\\", "%2f", "%2F", "%5c", "%5C"]

  @Test("with a dot segment is seen in every encoding of its dots and slashes")
  func dotSegments() {
    for first in Self.dots {
      for slash in Self.slashes {
        for other in Self.slashes {
          #expect(PathSegments.leavesBase("/a\(slash)\(first)\(other)b"))
          #expect(PathSegments.leavesBase("/a\(slash)\(first)"))
          for second in Self.dots {
            #expect(PathSegments.leavesBase("/a\(slash)\(first)\(second)\(other)b"), "\(slash)\(first)\(second)")
            #expect(PathSegments.leavesBase("/a\(slash)\(first)\(second)"))
            #expect(PathSegments.leavesBase("/a\(slash)\(first)\(second);x=1\(other)b"))
            #expect(PathSegments.leavesBase("/a\(slash)\(first)\(second)%3bx"))
          }
        }
      }
    }
  }

  @Test("of nothing but dots is one", arguments: [".", "..", "/..", "../", "/.", "%2e%2e", "..;", ";/.."])
  func alone(path: String) {
    #expect(PathSegments.leavesBase(path[...]))
  }

  @Test(
    "with dots in or around a name has none",
    arguments: [
      "", "/", "//", "/chat/completions", "/models/kimi-k2.6", "/models/gpt-4.1:free", "/a...", "/...", "/....",
      "/.well-known/x", "/a/.hidden", "/..a", "/a..", "/%2e%2e%2e", "/a%2e", "/%2ea", "/files/a%20b.txt", "/;x/a",
      "/a;..", "/%e2%80%a6",
    ])
  func names(path: String) {
    #expect(!PathSegments.leavesBase(path[...]))
  }

  @Test(
    "with a percent sign that begins no byte is not trusted",
    arguments: ["/%", "/a%2", "/%zz", "/%u002e%u002e/", "/%2g", "/%+1", "/% 1", "/a%"])
  func brokenEncoding(path: String) {
    #expect(PathSegments.leavesBase(path[...]))
  }
}

@Suite("Whatever path is accepted, it stays below the base for")
struct AcceptedPathTests {
  private static let pieces = [
    "/", "/", "/", ".", ".", "..", "%2e", "%2E", "%2f", "%5C", "\\", ";", ";x", "a", "v1", "%", "25", "%25", "%252e",
    "%252f", "%25252e", "%c0%ae", "%c0%af", "%e0%80%ae", "%00", "%20", "%61", "e", "2", "F",
  ]

  /// Paths made of what attackers make them of, from a seed, so that a failure comes again.
  private static func paths(count: Int) -> [String] {
    var random = SplitMix64(seed: 2026)
    return (0..<count).map { _ in
      "/" + (0..<Int.random(in: 1...9, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }
  }

  /// Those of the paths that weir would send upstream.
  private static let accepted: [String] = paths(count: 6000).compactMap { path in
    try? RequestTarget.read(method: "POST", target: "/v1" + path).rest
  }

  private func expectInside(_ decoder: LaxDecoder) {
    #expect(Self.accepted.count > 300)
    let outside = Self.accepted.filter { decoder.leavesBase($0) }
    #expect(outside.isEmpty, "\(outside.count) paths leave the base, such as \(outside.prefix(3))")
  }

  @Test(
    "a server that decodes once, however loosely",
    arguments: [LaxDecoder.once, .backslashes, .parameters, .parametersLate, .mergedSlashes])
  func once(decoder: LaxDecoder) { expectInside(decoder) }

  @Test("a server that decodes more than once", arguments: [LaxDecoder.twice, .untilStable])
  func twice(decoder: LaxDecoder) { expectInside(decoder) }

  @Test("a server that ends names at a NUL byte")
  func nul() { expectInside(.cutAtNul) }

  @Test("a server that takes overlong UTF-8")
  func overlong() { expectInside(.overlong) }

  @Test("a server that drops what trails a file name")
  func trailing() { expectInside(.trailingBlanks) }
}

@Suite("The decoders that these tests hold against paths")
struct LaxDecoderTests {
  @Test(
    "see an escape where one is",
    arguments: [
      (LaxDecoder.once, "/%2e%2e/x"), (.backslashes, "/a\\..\\..\\x"), (.parameters, "/..;x/y"),
      (.parametersLate, "/..;x/y"), (.mergedSlashes, "/a//../../x"), (.twice, "/%252e%252e/x"),
      (.untilStable, "/%2525252e%2525252e/x"), (.cutAtNul, "/..%00/x"), (.overlong, "/%c0%ae%c0%ae%c0%afx"),
      (.overlong, "/%e0%80%ae%e0%80%ae/x"), (.trailingBlanks, "/..%20/x"),
    ])
  func escapes(decoder: LaxDecoder, path: String) {
    #expect(decoder.leavesBase(path))
    #expect(!decoder.leavesBase("/a/b.c/%20/d"))
    #expect(!decoder.leavesBase("/a/../b"))
  }
}
