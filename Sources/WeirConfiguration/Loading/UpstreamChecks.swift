import WeirPolicy

/// What is wrong between upstreams, the models that name them, and the settings.
struct UpstreamChecks {
  let path: String
  let entries: [UpstreamEntry]
  let models: ModelsSection
  let parts: ConfigurationParts

  /// `upstreams` are those that could be built.
  func problems(_ upstreams: [Configuration.NamedUpstream]) -> [ConfigurationProblem] {
    let ids = upstreams.map(\.id) + entries.map(\.id).filter { id in !upstreams.contains { $0.id == id } }
    return references(to: ids) + unused() + namesakes() + keys(upstreams)
  }

  /// Models that name upstreams that are not there.
  private func references(to ids: [String]) -> [ConfigurationProblem] {
    models.catalog.flatMap { entry in
      var named: Set<String> = []
      return entry.upstreams.compactMap { upstream in
        if !named.insert(upstream.value).inserted {
          return problem(upstream, "\(upstream.value) is named twice", fix: "remove one")
        }
        guard !ids.contains(upstream.value) else { return nil }
        if upstream.value == MoonshotUpstream.id {
          return problem(
            upstream, "there is no upstream moonshot", fix: "set MOONSHOT_API_KEY, or describe it in upstreams")
        }
        let near = NearestName.of(upstream.value, among: ids).map { "did you mean \($0)? " } ?? ""
        return problem(
          upstream, "there is no upstream \(upstream.value)",
          fix: near + "the upstreams are \(ids.joined(separator: ", "))")
      }
    }
  }

  private func problem(_ place: Located<String>, _ what: String, fix: String) -> ConfigurationProblem {
    ConfigurationProblem(.error, source: path, line: place.line, key: place.key, what: what, fix: fix)
  }

  /// Upstreams that no request can reach.
  private func unused() -> [ConfigurationProblem] {
    let named = Set(models.catalog.flatMap { $0.upstreams.map(\.value) })
    let reached = named.union([UpstreamRoute.defaultID, MoonshotUpstream.id])
    return entries.filter { !reached.contains($0.id) }.map { entry in
      deadRule(
        entry.field.line, entry.field.key, "no model names this upstream, so no request goes there",
        fix: "name it in models.catalog[].upstreams, or remove it")
    }
  }

  /// Headers and metrics call the default upstream by its host.
  private func namesakes() -> [ConfigurationProblem] {
    entries.filter { $0.id != UpstreamRoute.defaultID && $0.id == parts.upstream.url.host }.map { entry in
      ConfigurationProblem(
        .error, source: path, line: entry.field.line, key: entry.field.key,
        what: "\(entry.id) is the host of WEIR_UPSTREAM_URL, by which headers and metrics call that upstream",
        fix: "choose another name")
    }
  }

  /// Keys that would go where they should not, or never.
  private func keys(_ upstreams: [Configuration.NamedUpstream]) -> [ConfigurationProblem] {
    var problems: [ConfigurationProblem] = []
    for upstream in upstreams.dropFirst() where upstream.url.scheme == .http && !upstream.url.isLoopback {
      guard upstream.apiKey != nil, let entry = entries.first(where: { $0.id == upstream.id }) else { continue }
      problems.append(
        ConfigurationProblem(
          .warning, source: path, line: entry.field.line, key: entry.field.key,
          what: "the upstream's key travels to \(upstream.url.authority) unencrypted",
          fix: "use https://, unless the network between is your own"))
    }
    for entry in entries where parts.clients.passNoUpstreamKey && entry.passesClientKey?.value == true {
      problems.append(
        deadRule(
          entry.passesClientKey?.line ?? entry.field.line, "\(entry.field.key).pass_client_key",
          "clients send keys for weir, and those are never passed on", fix: "give the upstream an api_key"))
    }
    return problems
  }

  private func deadRule(_ line: Int, _ key: String, _ what: String, fix: String) -> ConfigurationProblem {
    ConfigurationProblem(.warning, source: path, line: line, key: key, what: what, fix: fix, isDeadRule: true)
  }
}
