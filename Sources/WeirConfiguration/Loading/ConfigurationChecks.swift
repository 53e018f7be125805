/// What is wrong between settings that are each right.
enum ConfigurationChecks {
  static func problems(
    of parts: ConfigurationParts, _ resolver: SettingsResolver, _ readFile: (String) throws -> [UInt8]
  ) -> [ConfigurationProblem] {
    exposure(parts, resolver) + keys(parts, resolver) + bounds(parts, resolver) + files(parts, resolver)
      + certificateAuthorities(parts, resolver, readFile)
  }

  private static func problem<Value>(
    _ severity: ConfigurationProblem.Severity, _ setting: Setting<Value>, _ resolver: SettingsResolver,
    _ what: String, fix: String
  ) -> ConfigurationProblem {
    let place = resolver.place(of: setting)
    return ConfigurationProblem(severity, at: place.origin, key: place.key, what: what, fix: fix)
  }

  /// Listeners that other machines reach.
  private static func exposure(
    _ parts: ConfigurationParts, _ resolver: SettingsResolver
  ) -> [ConfigurationProblem] {
    let listeners = parts.listeners
    var problems: [ConfigurationProblem] = []
    if !listeners.traffic.isLoopback, parts.clients.clients.isEmpty, !listeners.isInsecureAccepted {
      let spends = parts.upstream.apiKey == nil ? "use this proxy" : "spend the money of the upstream key"
      problems.append(
        problem(
          .error, Settings.listen, resolver,
          "other machines reach \(listeners.traffic), and without client keys anyone on them can \(spends)",
          fix:
            "set WEIR_CLIENT_KEYS or clients, listen on 127.0.0.1, or set WEIR_INSECURE=true (or --insecure) where the "
            + "network itself keeps strangers out"))
    }
    // With client keys others read there and change nothing; see `AdminAccess`.
    let isAdminOpen = listeners.adminToken == nil && parts.clients.clients.isEmpty && !listeners.isInsecureAccepted
    if !listeners.admin.isLoopback, isAdminOpen {
      problems.append(
        problem(
          .error, Settings.adminListen, resolver,
          "other machines reach \(listeners.admin), and there are neither client keys nor a token",
          fix:
            "set WEIR_ADMIN_TOKEN, listen on 127.0.0.1, or set WEIR_INSECURE=true (or --insecure) where the network "
            + "itself keeps strangers out"))
    }
    if listeners.traffic == listeners.admin, listeners.traffic.port != 0 {
      problems.append(
        problem(
          .error, Settings.adminListen, resolver, "both listeners have the address \(listeners.admin)",
          fix: "give each a port of its own"))
    }
    return problems
  }

  /// Keys that would go where they should not.
  private static func keys(_ parts: ConfigurationParts, _ resolver: SettingsResolver)
    -> [ConfigurationProblem]
  {
    var problems: [ConfigurationProblem] = []
    let url = parts.upstream.url
    if url.scheme == .http, !url.isLoopback, parts.upstream.apiKey != nil {
      problems.append(
        problem(
          .warning, Settings.upstreamURL, resolver,
          "the upstream key travels to \(url.authority) unencrypted",
          fix: "use https://, unless the network between is your own"))
    }
    if parts.upstream.apiKey == nil, parts.clients.passNoUpstreamKey {
      problems.append(
        problem(
          .warning, Settings.clientKeys, resolver,
          "there is no upstream key, and a client's key for weir is not passed on, so requests go upstream without any",
          fix: "set OPENROUTER_API_KEY"))
    }
    return problems
  }

  private static func bounds(
    _ parts: ConfigurationParts, _ resolver: SettingsResolver
  ) -> [ConfigurationProblem] {
    let limits = parts.limits
    guard limits.maxBufferedBytes < limits.maxBodyBytes else { return [] }
    return [
      problem(
        .error, Settings.maxBufferedBytes, resolver,
        "a body of WEIR_MAX_BODY_BYTES (\(limits.maxBodyBytes)) would not fit into it",
        fix: "set at least \(limits.maxBodyBytes)")
    ]
  }

  /// Files that would be written over each other.
  private static func files(_ parts: ConfigurationParts, _ resolver: SettingsResolver) -> [ConfigurationProblem] {
    var owners: [String: String] = [:]
    let taken: [ConfigurationProblem] = [
      (Settings.stateFile, parts.rolloutStateFile), (Settings.budgetStateFile, parts.budgetStateFile),
      (Settings.ledger, parts.ledgerPath),
    ].compactMap { setting, path -> ConfigurationProblem? in
      guard let path else { return nil }
      guard let owner = owners.updateValue(setting.entry.name, forKey: path) else { return nil }
      return problem(
        .error, setting, resolver, "\(owner) names the same file", fix: "give each a file of its own")
    }
    let audit = parts.watching.audit.file.flatMap { owners[$0] }.map { owner in
      problem(
        .error, Settings.auditLog, resolver, "\(owner) names the same file", fix: "give each a file of its own")
    }
    return taken + (audit.map { [$0] } ?? [])
  }

  /// Without this check each request would fail, one by one, with a message about TLS.
  private static func certificateAuthorities(
    _ parts: ConfigurationParts, _ resolver: SettingsResolver, _ readFile: (String) throws -> [UInt8]
  ) -> [ConfigurationProblem] {
    guard let path = parts.upstream.certificateAuthorityFile else { return [] }
    let setting = Settings.certificateAuthorityFile
    do {
      let text = String(decoding: try readFile(path), as: UTF8.self)
      if text.contains("-----BEGIN ") { return [] }
      return [
        problem(
          .error, setting, resolver, "\(path) holds no PEM certificate",
          fix: "name a file of BEGIN CERTIFICATE blocks")
      ]
    } catch {
      // A bundle may be larger than a configuration file may be.
      if (error as? FileReadError)?.reason == .tooLarge { return [] }
      return [ConfigurationLoader.unreadable(error, path, resolver.place(of: setting))]
    }
  }
}
