import WeirPolicy

extension Configuration {
  /// Fingerprint of what is in effect: SHA-256 over the name and value of each setting and section, as `weir check`
  /// shows them. Secrets count as `***`, so that it tells nothing of them.
  public var fingerprint: String {
    AuditDigest.hex((origins + sections).map { "\($0.name)=\($0.text)\n" }.joined())
  }

  /// The names of settings and sections that differ, a changed secret among them; never a value.
  public func changes(since previous: Configuration) -> [String] {
    func texts(_ configuration: Configuration) -> [String: String] {
      Dictionary(
        (configuration.origins + configuration.sections).map { ($0.name, $0.text) },
        uniquingKeysWith: { first, second in first + "\n" + second })
    }
    let (before, after) = (texts(previous), texts(self))
    var names = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    // Their texts are the same whatever they are.
    func keys(_ configuration: Configuration) -> [String: [KeyHash]] {
      Dictionary(configuration.clients.map { ($0.profile.name, $0.keys) }, uniquingKeysWith: +)
    }
    if keys(self) != keys(previous) { names.insert(Settings.clientKeys.entry.name) }
    if upstream.apiKey != previous.upstream.apiKey { names.insert(Settings.apiKey.entry.name) }
    if listeners.adminToken != previous.listeners.adminToken { names.insert(Settings.adminToken.entry.name) }
    if webhook?.secret != previous.webhook?.secret { names.insert(Settings.webhookSecret.entry.name) }
    if webhook?.url != previous.webhook?.url { names.insert(Settings.webhookURL.entry.name) }
    return names.sorted()
  }
}
