import Testing

@testable import WeirProxy

@Suite("A header field's name")
struct FieldKindTests {
  static let known: [(name: String, kind: FieldKind)] = [
    ("te", .hopByHop), ("trailer", .hopByHop), ("trailers", .hopByHop), ("keep-alive", .hopByHop),
    ("proxy-connection", .hopByHop), ("proxy-authenticate", .hopByHop), ("proxy-authorization", .hopByHop),
    ("connection", .connection), ("transfer-encoding", .transferEncoding), ("upgrade", .upgrade), ("host", .host),
    ("content-length", .contentLength), ("content-encoding", .contentEncoding), ("content-type", .contentType),
    ("accept-encoding", .acceptEncoding), ("accept", .accept), ("expect", .expect), ("authorization", .authorization),
    ("x-api-key", .apiKey), ("user-agent", .userAgent), ("http-referer", .referer), ("x-title", .title),
    ("x-openrouter-title", .openRouterTitle), ("x-request-id", .requestID), ("x-user-id", .userID),
    ("api-key", .otherKey), ("x-goog-api-key", .otherKey), ("cache-control", .cacheControl),
    ("anthropic-version", .variant), ("anthropic-beta", .variant),
    ("openai-beta", .variant), ("openai-organization", .variant), ("openai-project", .variant),
    ("x-weir-task", .weirTask), ("x-weir-timeout", .weirTimeout), ("x-weir-cache-ttl", .weirCacheTTL),
    ("x-weir-user", .weirUser), ("x-weir-variant", .weirVariant), ("x-weir-", .weir), ("x-weir-model", .weir),
    ("x-weir-users", .weir), ("x-weir-request-id", .weir), ("x-weir-upstream-something-long", .weir),
  ]

  @Test("means what it means in any letter case", arguments: known)
  func anyCase(name: String, kind: FieldKind) {
    var alternating = ""
    for (index, character) in name.enumerated() {
      alternating += index % 2 == 0 ? character.uppercased() : String(character)
    }
    let titled = name.split(separator: "-", omittingEmptySubsequences: false).map { part in
      part.prefix(1).uppercased() + part.dropFirst()
    }.joined(separator: "-")
    for spelling in [name, name.uppercased(), alternating, titled] {
      #expect(FieldKind(spelling) == kind, "\(spelling)")
      let bytes = Array(spelling.utf8)
      #expect(unsafe bytes.withUnsafeBytes { unsafe FieldKind($0) } == kind, "\(spelling)")
    }
  }

  @Test("that differs in one letter is another name", arguments: known.filter { $0.kind != .weir })
  func nearMiss(name: String, kind: FieldKind) {
    let isOfWeir = name.hasPrefix("x-weir-")
    for index in name.indices {
      var other = name
      other.replaceSubrange(index...index, with: name[index] == "z" ? "y" : "z")
      #expect(FieldKind(other) != kind, "\(other)")
      other.remove(at: index)
      #expect(FieldKind(other) == .plain || isOfWeir || other == "trailer", "\(other)")
    }
    #expect(FieldKind(name + "x") == .plain || isOfWeir || name == "trailer")
    #expect(FieldKind("x" + name) == .plain)
    #expect(FieldKind(name.replacing("-", with: "_")) == (name.contains("-") ? .plain : kind))
  }

  @Test(
    "that weir does not know passes untouched",
    arguments: [
      "", "x", "x-weir", "weir-user", "cookie", "set-cookies", "openai-organisation", "anthropic-versions", "location",
      "x-forwarded-for", "content-md5", "accept-language", "proxy-status", "é", "x_weir_user", "x-real-ip", "refererr",
    ])
  func plain(name: String) {
    #expect(FieldKind(name) == .plain)
  }
}
