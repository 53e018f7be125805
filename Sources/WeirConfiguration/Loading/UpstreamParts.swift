import WeirPolicy

/// Everywhere that requests may go, worked out from the settings and the section `upstreams`.
struct UpstreamParts {
  /// The one of `WEIR_UPSTREAM_URL` first.
  private(set) var upstreams: [Configuration.NamedUpstream] = []
  /// What the file says on retries, by the upstream's name.
  private(set) var retries: [String: RetrySection] = [:]
  private(set) var rows: [EffectiveValue] = []
  private let parts: ConfigurationParts
  private let catalog: ModelCatalog

  /// Builds every upstream that can be built; problems go to the resolver.
  init(
    _ parts: ConfigurationParts, _ entries: [UpstreamEntry], _ catalog: ModelCatalog, _ resolver: inout SettingsResolver
  ) {
    self.parts = parts
    self.catalog = catalog
    let moonshot = MoonshotSettings(&resolver)
    addDefault(entries.first { $0.id == UpstreamRoute.defaultID }, &resolver)
    for entry in entries where entry.id != UpstreamRoute.defaultID {
      add(entry, entry.id == MoonshotUpstream.id ? moonshot : nil, &resolver)
    }
    guard !entries.contains(where: { $0.id == MoonshotUpstream.id }) else { return }
    if let key = moonshot.key {
      let upstream = Configuration.NamedUpstream(
        id: MoonshotUpstream.id, name: MoonshotUpstream.id, url: moonshot.url, apiKey: key, passesClientKey: false,
        headers: [], modelNames: MoonshotUpstream.modelNames(catalog), timeouts: parts.timeouts, backsKimi: true,
        needsUsageAsked: UpstreamParts.asksUsage(nil, MoonshotUpstream.id, moonshot.url))
      append(upstream, nil, key: "upstreams.\(MoonshotUpstream.id)", moonshot.keyPlace.origin)
      warnOfKeylessDefault(moonshot, &resolver)
    } else if moonshot.urlPlace.origin != .builtIn {
      resolver.problems.append(
        ConfigurationProblem(
          .warning, at: moonshot.urlPlace.origin, key: moonshot.urlPlace.key,
          what: "there is no upstream moonshot", fix: "set MOONSHOT_API_KEY too, or remove it", isDeadRule: true))
    }
  }

  /// Whoever gives Moonshot's key alone may expect Kimi models to go there.
  private func warnOfKeylessDefault(_ moonshot: MoonshotSettings, _ resolver: inout SettingsResolver) {
    let url = parts.upstream.url
    // Whoever names another server knows whether it wants a key.
    guard resolver.place(of: Settings.apiKey).origin == .builtIn,
      resolver.place(of: Settings.upstreamURL).origin == .builtIn, parts.kimi.isEnabled,
      upstreams.first?.headers.contains(where: { $0.name.lowercased() == "authorization" }) != true,
      catalog.models.contains(where: { $0.isKimi && $0.upstreams.first != MoonshotUpstream.id })
    else { return }
    resolver.problems.append(
      ConfigurationProblem(
        .warning, at: moonshot.keyPlace.origin, key: moonshot.keyPlace.key,
        what: "Kimi models still go to \(url.host) first, for which there is no key: it sees the client's own, and "
          + "where it refuses that, Moonshot is not asked",
        fix: "set OPENROUTER_API_KEY, or list moonshot first in models.catalog[].upstreams of the Kimi models"))
  }

  /// The key and the other requests' own go there as the settings say; a section adds the rest.
  private mutating func addDefault(_ entry: UpstreamEntry?, _ resolver: inout SettingsResolver) {
    let settings = parts.upstream
    let upstream = Configuration.NamedUpstream(
      id: UpstreamRoute.defaultID, name: settings.url.host, url: settings.url, apiKey: settings.apiKey,
      passesClientKey: true, headers: headers(of: entry, hasKey: settings.apiKey != nil, &resolver),
      modelNames: modelNames(of: entry, over: [:], &resolver),
      timeouts: entry?.timeouts.over(parts.timeouts) ?? parts.timeouts, backsKimi: false,
      needsUsageAsked: UpstreamParts.asksUsage(entry, UpstreamRoute.defaultID, settings.url))
    if let entry {
      append(upstream, entry, key: entry.field.key, .file(path: resolver.yaml.path, line: entry.field.line))
    } else {
      upstreams.append(upstream)
    }
  }

  private mutating func add(
    _ entry: UpstreamEntry, _ moonshot: MoonshotSettings?, _ resolver: inout SettingsResolver
  ) {
    let key = if let moonshot { moonshot.key(over: entry, &resolver) } else { resolver.key(of: entry) }
    let passes = entry.passesClientKey?.value == true
    let headers = headers(of: entry, hasKey: key != nil || passes, &resolver)
    let names = modelNames(
      of: entry, over: moonshot == nil ? [:] : MoonshotUpstream.modelNames(catalog), &resolver)
    let url = if let moonshot { moonshot.url(over: entry, &resolver) } else { entry.url?.value }
    guard let url else { return }
    let upstream = Configuration.NamedUpstream(
      id: entry.id, name: entry.id, url: url, apiKey: key, passesClientKey: passes && key == nil, headers: headers,
      modelNames: names, timeouts: entry.timeouts.over(parts.timeouts), backsKimi: moonshot != nil,
      needsUsageAsked: UpstreamParts.asksUsage(entry, entry.id, url))
    append(upstream, entry, key: entry.field.key, .file(path: resolver.yaml.path, line: entry.field.line))
  }

  private static func asksUsage(_ entry: UpstreamEntry?, _ id: String, _ url: UpstreamURL) -> Bool {
    (entry?.streamUsage?.value ?? StreamUsage.usual(id: id, host: url.host)) == .add
  }

  private mutating func append(
    _ upstream: Configuration.NamedUpstream, _ entry: UpstreamEntry?, key: String, _ origin: ValueOrigin
  ) {
    upstreams.append(upstream)
    if let retry = entry?.retry { retries[upstream.name] = retry }
    let text = UpstreamParts.summary(upstream, entry, defaults: parts.timeouts)
    rows.append(EffectiveValue(name: key, text: text, origin: origin, isReloadable: true))
  }

  private func headers(
    of entry: UpstreamEntry?, hasKey: Bool, _ resolver: inout SettingsResolver
  ) -> [Configuration.Header] {
    guard let entry else { return [] }
    for header in entry.headers where hasKey && header.value.name.lowercased() == "authorization" {
      resolver.report(
        line: header.line, key: header.key, "the upstream's key is sent in this header",
        fix: "remove the header, or the key")
    }
    return entry.headers.map(\.value)
  }

  /// A model that has several names is mapped under each of them, unless the file says one of them apart.
  private func modelNames(
    of entry: UpstreamEntry?, over base: [String: String], _ resolver: inout SettingsResolver
  ) -> [String: String] {
    var names = base
    var owners: Set<String> = []
    for mapping in entry?.models ?? [] {
      let asked = mapping.value.model
      let resolved = catalog.resolve(asked)
      let model = catalog.model(of: resolved)
      if model == nil {
        resolver.problems.append(
          ConfigurationProblem(
            .warning, source: resolver.yaml.path, line: mapping.line, key: mapping.key,
            what: "the catalog has no model \(asked)", fix: PolicyChecks.remedy(asked, catalog), isDeadRule: true))
      }
      let sent = resolved.upstreamID.lowercased()
      let spellings = model?.sentNames.map { $0.lowercased() } ?? []
      let isWhole = spellings.contains(sent)
      guard owners.insert(isWhole ? spellings.first ?? sent : sent).inserted else {
        resolver.report(
          line: mapping.line, key: mapping.key, "\(resolved.catalogID ?? asked) is named twice",
          fix: "keep one of them")
        continue
      }
      for name in isWhole ? spellings : [sent] { names[name] = mapping.value.name }
    }
    return names
  }
}

extension SettingsResolver {
  mutating func report(_ field: SectionField, _ what: String, fix: String) {
    report(line: field.line, key: field.key, what, fix: fix)
  }

  mutating func report(line: Int, key: String, _ what: String, fix: String) {
    problems.append(ConfigurationProblem(.error, source: yaml.path, line: line, key: key, what: what, fix: fix))
  }

  /// An upstream's key, written in the file or in the variable that the file names.
  mutating func key(of entry: UpstreamEntry) -> Secret? {
    guard entry.apiKey == nil, let variable = entry.keyVariable else { return entry.apiKey?.value }
    let text = sources.environment[variable.value].map { ASCII.trimmed($0) } ?? ""
    let value = text.isEmpty ? ASCII.trimmed(envFile.entries[variable.value]?.value ?? "") : text
    guard !value.isEmpty else {
      report(
        line: variable.line, key: variable.key, "the variable \(variable.value) is not set",
        fix: "set it in the environment or the env file")
      return nil
    }
    do throws(ValueProblem) {
      return try ValueParsers.secret(value)
    } catch {
      report(line: variable.line, key: variable.key, "\(variable.value): \(error.what)", fix: error.fix)
      return nil
    }
  }
}

/// What the settings say of the upstream `moonshot`, and where.
struct MoonshotSettings {
  let key: Secret?
  let url: UpstreamURL
  let keyPlace: (origin: ValueOrigin, key: String)
  let urlPlace: (origin: ValueOrigin, key: String)

  init(_ resolver: inout SettingsResolver) {
    key = resolver.value(Settings.moonshotKey)
    url = resolver.value(Settings.moonshotURL)
    keyPlace = resolver.place(of: Settings.moonshotKey)
    urlPlace = resolver.place(of: Settings.moonshotURL)
  }

  /// The variable goes before the section, as everywhere; the file that says both contradicts itself.
  func key(over entry: UpstreamEntry, _ resolver: inout SettingsResolver) -> Secret? {
    let own = entry.apiKey.map { ($0.key, $0.line) } ?? entry.keyVariable.map { ($0.key, $0.line) }
    guard keyPlace.origin != .builtIn else {
      if own == nil, entry.field.isGroup, entry.passesClientKey?.value != true {
        resolver.report(entry.field, "moonshot has no key", fix: "set MOONSHOT_API_KEY, or give it an api_key")
      }
      return resolver.key(of: entry)
    }
    refuseTwin(of: keyPlace, Settings.moonshotKey.entry, own, &resolver)
    return key
  }

  func url(over entry: UpstreamEntry, _ resolver: inout SettingsResolver) -> UpstreamURL {
    guard urlPlace.origin != .builtIn else { return entry.url?.value ?? url }
    refuseTwin(of: urlPlace, Settings.moonshotURL.entry, entry.url.map { ($0.key, $0.line) }, &resolver)
    return url
  }

  private func refuseTwin(
    of place: (origin: ValueOrigin, key: String), _ entry: SettingEntry, _ own: (key: String, line: Int)?,
    _ resolver: inout SettingsResolver
  ) {
    guard let own, place.key == entry.yamlPath else { return }
    resolver.report(
      line: own.line, key: own.key, "\(place.key) says it too in this file", fix: "keep one of the two")
  }
}
