import WeirPolicy
import WeirWire

/// A client of a YAML file, not yet held against other clients.
struct ClientEntry {
  let name: String
  let path: String
  let field: SectionField
  var keys: [Located<KeyHash>] = []
  /// Whether a key stands there as it is.
  var hasPlainKey = false
  var profile = ClientTerms()
  var requestsPerMinute: Located<Int>?
  var tokensPerMinute: Located<Int>?
  var concurrency: Located<Int>?
  var budgetDay: Located<Double>?
  var budgetMonth: Located<Double>?

  var origin: ValueOrigin { .file(path: path, line: field.line) }
}

/// What a client's entry says that ends up in its `ClientProfile`.
struct ClientTerms {
  var expiresAt: Int64?
  var isDisabled = false
  var models: [Located<String>] = []
  var endpoints: Set<Endpoint>?
  var tenant: Located<String>?
  var passesUpstreamKey = false
  var tokenBounds: TokenBounds?
  var tools: ToolPermissions?

  func profile(named name: String) -> ClientProfile {
    ClientProfile(
      name: name, expiresAt: expiresAt, isDisabled: isDisabled,
      access: ModelAccess(allow: models.map { ModelPattern($0.value) }), endpoints: endpoints, tenant: tenant?.value,
      passesUpstreamKey: passesUpstreamKey, tokenBounds: tokenBounds, tools: tools)
  }
}

extension SectionReader {
  /// More than one process serves.
  static let maximumClients = 100_000
  /// More than a rotation needs; all are looked for in constant time.
  static let maximumClientKeys = 16
  /// Names the file of clients, so it is no client.
  static let clientsFileKey = "file"

  /// The clients of the section or of a file of its own, in their order; those with a mistake are reported, and left out
  /// where it is about their name.
  ///
  /// - Parameter mayNameFile: whether `file` is a path, which was read before.
  mutating func clients(_ field: SectionField?, mayNameFile: Bool) -> [ClientEntry] {
    guard let field else { return [] }
    switch field.node.content {
    case .text, .list, .nothing: return listedClients(field)
    case .group: break
    }
    let entries = entries(of: field)
    guard entries.count <= SectionReader.maximumClients else {
      report(field, "there are \(entries.count) clients", fix: "keep at most \(SectionReader.maximumClients)")
      return []
    }
    return entries.compactMap { entry in
      if entry.name == SectionReader.clientsFileKey {
        if mayNameFile, case .text = entry.node.content { return nil }
        report(entry, "file names a file of clients, so no client can have this name", fix: "use another name")
        return nil
      }
      return client(entry)
    }
  }

  /// `name:key` entries, as the variable has them.
  private mutating func listedClients(_ field: SectionField) -> [ClientEntry] {
    let texts = values(field) { text throws(ValueProblem) in text }.map(\.value)
    do throws(ValueProblem) {
      return try ValueParsers.clientKeys(texts).map { client in
        var entry = ClientEntry(
          name: client.name, path: path,
          field: SectionField(name: client.name, key: field.key, line: field.line, node: field.node))
        entry.keys = [Located(value: client.hash, key: field.key, line: field.line)]
        entry.hasPlainKey = !client.isHash
        return entry
      }
    } catch {
      report(field, error.what, fix: error.fix)
      return []
    }
  }

  private mutating func client(_ field: SectionField) -> ClientEntry? {
    do throws(ValueProblem) {
      _ = try ValueParsers.clientName(field.name, place: "it")
    } catch {
      report(line: field.line, key: "clients", error.what, fix: error.fix)
      return nil
    }
    var entry = ClientEntry(name: field.name, path: path, field: field)
    if case .text = field.node.content {
      entry.keys = [plainKey(field, &entry)].compactMap { $0 }
      return entry
    }
    let before = problems.count
    let fields = fields(of: field, in: .client)
    entry.keys = keys(fields, &entry)
    terms(fields, &entry.profile)
    entry.requestsPerMinute = locatedCount(fields["requests_per_minute"], upTo: 1_000_000_000)
    entry.tokensPerMinute = locatedCount(fields["tokens_per_minute"], upTo: 1_000_000_000_000)
    entry.concurrency = locatedCount(fields["concurrency"], upTo: 1_000_000)
    entry.budgetDay = located(fields["budget_usd_day"], SectionReader.dollars)
    entry.budgetMonth = located(fields["budget_usd_month"], SectionReader.dollars)
    if field.isGroup, entry.keys.isEmpty, problems.count == before, !entry.profile.isDisabled {
      report(field, "the client has no key", fix: "give it a key_hash: weir key new \(entry.name) prints one")
    }
    return entry
  }

  private static func dollars(_ text: String) throws(ValueProblem) -> Double {
    try ValueParsers.amount(text, maximum: 1e12).value
  }

  private mutating func locatedCount(_ field: SectionField?, upTo maximum: Int) -> Located<Int>? {
    located(field) { text throws(ValueProblem) in try ValueParsers.integer(text, in: 1...maximum) }
  }

  // MARK: Keys

  private mutating func keys(_ fields: [String: SectionField], _ entry: inout ClientEntry) -> [Located<KeyHash>] {
    var keys = [plainKey(fields["key"], &entry), located(fields["key_hash"], ValueParsers.keyHash)].compactMap { $0 }
    refuseEmpty(fields["key_hashes"], "and use key_hash")
    keys += locatedValues(fields["key_hashes"], ValueParsers.keyHash)
    if keys.count > SectionReader.maximumClientKeys {
      report(
        entry.field, "the client has \(keys.count) keys", fix: "keep at most \(SectionReader.maximumClientKeys)")
    }
    return keys
  }

  private mutating func plainKey(_ field: SectionField?, _ entry: inout ClientEntry) -> Located<KeyHash>? {
    guard let key = located(field, ValueParsers.clientSecret) else { return nil }
    entry.hasPlainKey = true
    return Located(value: ClientKey(name: entry.name, key: key.value).hash, key: key.key, line: key.line)
  }

  // MARK: Terms

  private mutating func terms(_ fields: [String: SectionField], _ terms: inout ClientTerms) {
    terms.expiresAt = value(fields["expires"], ValueParsers.timestamp)
    terms.isDisabled = value(fields["disabled"], ValueParsers.boolean) ?? false
    refuseEmpty(fields["models"], "to allow all models")
    terms.models = names(fields["models"])
    refuseEmpty(fields["endpoints"], "to allow all APIs")
    if let endpoints = fields["endpoints"] {
      terms.endpoints = Set(values(endpoints, ValueParsers.clientEndpoint).map(\.value))
    }
    terms.tenant = located(fields["tenant"], ValueParsers.name)
    terms.passesUpstreamKey = value(fields["passes_upstream_key"], ValueParsers.boolean) ?? false
    let input = count(fields["max_input_tokens"], upTo: 1_000_000_000)
    let output = count(fields["max_output_tokens"], upTo: 1_000_000_000)
    if input != nil || output != nil { terms.tokenBounds = TokenBounds(input: input, output: output) }
    if let tools = fields["tools"] { terms.tools = toolPermissions(tools) }
  }

  private mutating func toolPermissions(_ field: SectionField) -> ToolPermissions {
    let fields = fields(of: field, in: .clientTools)
    if let allow = fields["allow"], case .list(let items) = allow.node.content, items.isEmpty {
      report(
        allow, "the list is empty", fix: "leave the key out to allow all tools, or write deny: ['*'] to allow none")
    }
    let onReply = value(fields["replies"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ToolPermissions.OnReply.self)
    }
    return ToolPermissions(
      allow: names(fields["allow"]).map { ModelPattern($0.value) },
      deny: names(fields["deny"]).map { ModelPattern($0.value) }, onReply: onReply ?? .pass)
  }
}
