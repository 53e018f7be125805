import WeirPolicy
import WeirWire

/// `cache` as the file says it, but for the settings among its keys; names not yet held against clients and models.
struct CacheSection {
  var maximumEntryBytes: Located<Int>?
  var compressFrom: Located<Int>?
  var maximumTemperature: Located<Double>?
  var endpoints: Located<Set<Endpoint>>?
  var models: [Located<CachePolicy.ModelTime>] = []
  /// Where the groups stand as a whole; nil where the file has none.
  var sharedTenantsLine: Int?
  var sharedTenants: [[Located<String>]] = []
  var coalesces: Located<Bool>?
}

extension SectionReader {
  /// `sections` are the file's, by path.
  mutating func cache(_ sections: [String: SectionField]) -> CacheSection {
    func bytes(_ text: String) throws(ValueProblem) -> Int { try ValueParsers.byteCount(text, in: 0...(1 << 40)) }
    var section = CacheSection()
    section.maximumEntryBytes = located(sections["cache.max_entry_bytes"], bytes)
    section.compressFrom = located(sections["cache.compress_from"], bytes)
    section.maximumTemperature = located(sections["cache.max_temperature"]) { text throws(ValueProblem) in
      try ValueParsers.jsonNumber(text, maximum: 2).value
    }
    section.endpoints = cachedEndpoints(sections["cache.endpoints"])
    section.models = modelTimes(sections["cache.models"])
    section.sharedTenantsLine = sections["cache.shared_tenants"]?.line
    section.sharedTenants = sharedTenants(sections["cache.shared_tenants"])
    section.coalesces = located(sections["cache.coalesce"], ValueParsers.boolean)
    return section
  }

  private mutating func cachedEndpoints(_ field: SectionField?) -> Located<Set<Endpoint>>? {
    guard let field else { return nil }
    if case .list(let items) = field.node.content, items.isEmpty {
      report(field, "the list names no API", fix: "name one, or set cache.ttl to 0 to keep nothing")
    }
    let endpoints = values(field, ValueParsers.endpoint).map(\.value)
    return Located(value: Set(endpoints), key: field.key, line: field.line)
  }

  private mutating func modelTimes(_ field: SectionField?) -> [Located<CachePolicy.ModelTime>] {
    let elements = elements(of: field, namedBy: "pattern")
    if let field, elements.count > SectionReader.maximumPatterns {
      report(field, "there are \(elements.count) entries", fix: "keep at most \(SectionReader.maximumPatterns)")
      return []
    }
    return elements.compactMap { element in
      let fields = fields(of: element, in: .cacheModel)
      let pattern = value(fields["pattern"], ValueParsers.model)
      let time = value(fields["ttl"]) { text throws(ValueProblem) in
        try ValueParsers.integer(text, in: 0...604_800)
      }
      guard let pattern, let time else { return nil }
      return Located(
        value: CachePolicy.ModelTime(pattern: ModelPattern(pattern), timeToLive: time), key: element.key,
        line: element.line)
    }
  }

  private mutating func sharedTenants(_ field: SectionField?) -> [[Located<String>]] {
    guard let field else { return [] }
    guard case .list(let groups) = field.node.content, groups.count <= SectionReader.maximumRules else {
      report(
        field, "the value is no list of at most \(SectionReader.maximumRules) groups",
        fix: "write one list of clients an entry, such as - [app, batch]")
      return []
    }
    var owners: Set<String> = []
    return groups.enumerated().compactMap { index, group in
      let inner = SectionField(name: field.name, key: "\(field.key)[\(index + 1)]", line: group.line, node: group)
      let clients = locatedValues(inner, ValueParsers.name)
      for client in clients where !owners.insert(client.value).inserted {
        report(
          line: client.line, key: inner.key, "\(client.value) is named twice",
          fix: "a client shares with one group; join the groups, or remove it from one")
      }
      if clients.count < 2, case .list(let items) = group.content, items.count < 2 {
        report(inner, "nobody shares anything in this group", fix: "name two clients or more, or remove it")
      }
      return clients
    }
  }
}
