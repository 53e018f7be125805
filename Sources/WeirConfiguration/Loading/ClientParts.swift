import WeirPolicy

/// Who may use the proxy, worked out from `WEIR_CLIENT_KEYS`, the section `clients` and the file that it names. Names and
/// keys are unique over all three.
struct ClientParts {
  private(set) var clients: [ClientDirectory.Client] = []
  private(set) var rates: [LimitRule] = []
  private(set) var concurrency: [ConcurrencyRule] = []
  private(set) var budgets: [BudgetRule] = []
  private(set) var rows: [EffectiveValue] = []
  /// Those of files, for checks that involve other sections.
  private(set) var entries: [ClientEntry] = []
  /// By name in lower case.
  private var names: [String: (name: String, origin: ValueOrigin)] = [:]
  private var keys: [KeyID: String] = [:]

  /// More rows than anybody reads; what they leave out is counted in the last.
  private static let maximumRows = 200

  /// Problems go to the resolver.
  init(_ resolver: inout SettingsResolver) {
    let variable = resolver.value(Settings.clientKeys)
    let place = resolver.place(of: Settings.clientKeys)
    for client in variable {
      guard claim(client.name, [client.hash], at: place.origin, key: place.key, &resolver) else { continue }
      clients.append(ClientDirectory.Client(ClientProfile(name: client.name), keys: [client.hash]))
    }
    var reader = SectionReader(path: resolver.yaml.path)
    add(reader.clients(resolver.yaml.sections["clients"], mayNameFile: true), &resolver)
    resolver.problems += reader.problems
    if let file = resolver.clientsFile {
      reader = SectionReader(path: file.path)
      add(reader.clients(file.section, mayNameFile: false), &resolver)
      resolver.problems += reader.problems
    }
    warnOfPlainKeys(&resolver)
    addRows()
  }

  /// Whether keys are asked for, and no client may send one for the upstream beside its own.
  var passNoUpstreamKey: Bool {
    !clients.isEmpty && !clients.contains { $0.profile.passesUpstreamKey }
  }

  /// Models of clients that fit no model of the catalog: most likely a slip.
  func deadPatterns(in catalog: ModelCatalog) -> [ConfigurationProblem] {
    var verdicts: [String: Bool] = [:]
    return entries.flatMap { entry in
      entry.profile.models.compactMap { pattern in
        let isDead =
          verdicts[pattern.value]
          ?? !ModelAccess(allow: [ModelPattern(pattern.value)]).deadPatterns(in: catalog).isEmpty
        verdicts[pattern.value] = isDead
        guard isDead else { return nil }
        return ConfigurationProblem(
          .warning, source: entry.path, line: pattern.line, key: pattern.key,
          what: "\(pattern.value) fits no model of the catalog", fix: PolicyChecks.remedy(pattern.value, catalog),
          isDeadRule: true)
      }
    }
  }

  private mutating func add(_ new: [ClientEntry], _ resolver: inout SettingsResolver) {
    for entry in new {
      let hashes = entry.keys.map(\.value)
      guard claim(entry.name, hashes, at: entry.origin, key: entry.field.key, &resolver) else { continue }
      clients.append(ClientDirectory.Client(entry.profile.profile(named: entry.name), keys: hashes))
      entries.append(entry)
      addRules(of: entry)
    }
  }

  /// Takes a name and keys for a client; false where another has the name.
  private mutating func claim(
    _ name: String, _ hashes: [KeyHash], at origin: ValueOrigin, key: String, _ resolver: inout SettingsResolver
  ) -> Bool {
    func report(_ what: String, fix: String) {
      resolver.problems.append(ConfigurationProblem(.error, at: origin, key: key, what: what, fix: fix))
    }
    if let owner = names[name.lowercased()] {
      report(
        owner.name == name
          ? "another client is named \(name) (\(owner.origin))"
          : "the client \(owner.name) (\(owner.origin)) differs from \(name) in letter case only",
        fix: "give each client a name of its own")
      return false
    }
    names[name.lowercased()] = (name, origin)
    for hash in hashes {
      guard let owner = keys.updateValue(name, forKey: hash.id) else { continue }
      report(
        owner == name ? "\(name) has the same key twice" : "the clients \(owner) and \(name) have the same key",
        fix: owner == name ? "keep it once" : "give each client a key of its own")
    }
    return true
  }

  /// The limits that an entry says in short. The rules of all clients have the same names, so that the label `limit` stays
  /// bounded.
  private mutating func addRules(of entry: ClientEntry) {
    let scope = LimitScope(per: [.client], clients: [entry.name], isClientsOwn: true)
    if let rate = entry.requestsPerMinute {
      rates.append(LimitRule(name: "rpm", unit: .requests, perMinute: rate.value, scope: scope))
    }
    if let rate = entry.tokensPerMinute {
      rates.append(LimitRule(name: "tpm", unit: .tokens, perMinute: rate.value, scope: scope))
    }
    if let bound = entry.concurrency {
      concurrency.append(ConcurrencyRule(name: "concurrency", maximum: bound.value, scope: scope))
    }
    let owner = BudgetRule.Owner.eachClient([entry.name])
    if let usd = entry.budgetDay {
      budgets.append(BudgetRule(name: "usd_day", period: .day, owner: owner, usd: usd.value))
    }
    if let usd = entry.budgetMonth {
      budgets.append(BudgetRule(name: "usd_month", period: .month, owner: owner, usd: usd.value))
    }
  }

  /// One warning a file, however many keys it is about.
  private func warnOfPlainKeys(_ resolver: inout SettingsResolver) {
    var counts: [(path: String, line: Int, count: Int)] = []
    for entry in entries where entry.hasPlainKey {
      if let last = counts.indices.last, counts[last].path == entry.path {
        counts[last].count += 1
      } else {
        counts.append((entry.path, entry.field.line, 1))
      }
    }
    for (path, line, count) in counts {
      resolver.problems.append(
        ConfigurationProblem(
          .warning, source: path, line: line, key: "clients",
          what: "\(count) of the keys \(count == 1 ? "stands" : "stand") in the file as they are",
          fix: "write key_hash in place of key: weir key hash makes one of a key"))
    }
  }

  private mutating func addRows() {
    rows = entries.prefix(ClientParts.maximumRows).map { entry in
      .row("clients[\(entry.name)]", entry.summary, entry.origin)
    }
    guard let next = entries.dropFirst(ClientParts.maximumRows).first else { return }
    rows.append(.row("clients", "\(entries.count - ClientParts.maximumRows) more", next.origin))
  }
}

/// A file of clients, as it was read.
struct ClientsFile {
  let path: String
  /// Nil where the file holds nothing.
  let section: SectionField?
}

extension ClientEntry {
  /// What follows the name in `weir check`.
  fileprivate var summary: String {
    let terms = profile
    var parts = ["\(keys.count) \(keys.count == 1 ? "key" : "keys")\(hasPlainKey ? " (plain)" : "")"]
    if terms.isDisabled { parts.append("disabled") }
    if let expires = terms.expiresAt { parts.append("expires \(Timestamp.text(expires))") }
    if !terms.models.isEmpty { parts.append("models " + terms.models.map(\.value).joined(separator: ",")) }
    if let endpoints = terms.endpoints {
      parts.append("endpoints " + endpoints.map(\.settingName).sorted().joined(separator: ","))
    }
    if let tenant = terms.tenant { parts.append("tenant \(tenant.value)") }
    if terms.passesUpstreamKey { parts.append("passes its upstream key") }
    if let rate = requestsPerMinute { parts.append("\(rate.value) requests a minute") }
    if let rate = tokensPerMinute { parts.append("\(rate.value) tokens a minute") }
    if let bound = concurrency { parts.append("\(bound.value) in flight") }
    if let usd = budgetDay { parts.append("USD \(usd.value) a day") }
    if let usd = budgetMonth { parts.append("USD \(usd.value) a month") }
    if let bound = terms.tokenBounds?.input { parts.append("at most \(bound) input tokens") }
    if let bound = terms.tokenBounds?.output { parts.append("at most \(bound) output tokens") }
    if let tools = terms.tools {
      if !tools.allow.isEmpty { parts.append("tools " + tools.allow.map(\.description).joined(separator: ",")) }
      if !tools.deny.isEmpty { parts.append("not tools " + tools.deny.map(\.description).joined(separator: ",")) }
      if tools.onReply != .pass { parts.append("replies \(tools.onReply.rawValue)") }
    }
    return parts.joined(separator: "; ")
  }
}
