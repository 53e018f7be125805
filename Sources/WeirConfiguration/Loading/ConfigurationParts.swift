/// The sections of a configuration, resolved and not yet checked against each other.
struct ConfigurationParts {
  let listeners: Configuration.Listeners
  let upstream: Configuration.Upstream
  let kimi: Configuration.Kimi
  let clients: ClientParts
  let hygiene: Configuration.Hygiene
  let limits: Configuration.Limits
  let timeouts: Configuration.Timeouts
  let drain: Duration
  let meteringDrain: Duration
  let logging: Configuration.Logging
  let rolloutStateFile: String?
  let budgetStateFile: String?
  let ledgerPath: String?
  let watching: WatchingParts
  let ledgerAge: Int?
  let ledgerBytes: Int?
  let ledgerBodyBytes: Int?
  let makesTraces: Bool
  let exportsGenAIMetrics: Bool
  let allowsVariantOverride: Bool
  let sharedState: Configuration.SharedState

  /// Resolves every live setting; problems stay in the resolver.
  init(_ resolver: inout SettingsResolver) {
    listeners = Configuration.Listeners(&resolver)
    upstream = Configuration.Upstream(
      url: resolver.value(Settings.upstreamURL),
      apiKey: resolver.value(Settings.apiKey),
      certificateAuthorityFile: resolver.value(Settings.certificateAuthorityFile),
      siteURL: resolver.value(Settings.siteURL),
      siteName: resolver.value(Settings.siteName))
    kimi = Configuration.Kimi(
      isEnabled: resolver.value(Settings.kimiEnabled),
      modelID: resolver.value(Settings.kimiModelID),
      maxTokens: resolver.value(Settings.kimiMaxTokens),
      temperature: resolver.value(Settings.kimiTemperature),
      rolloutPercent: resolver.value(Settings.rolloutPercentage),
      rolloutFrom: resolver.value(Settings.rolloutFrom),
      fallbackModel: Self.unlessOff(resolver.value(Settings.fallbackModel)))
    clients = ClientParts(&resolver)
    hygiene = Configuration.Hygiene(
      setCookie: resolver.value(Settings.setCookie), server: resolver.value(Settings.serverHeader),
      allowsCoreDumps: resolver.value(Settings.coreDumps))
    limits = Configuration.Limits(
      maxBodyBytes: resolver.value(Settings.maxBodyBytes),
      maxHeaderBytes: resolver.value(Settings.maxHeaderBytes),
      maxConnections: resolver.value(Settings.maxConnections),
      maxInFlight: resolver.value(Settings.maxInFlight),
      maxBufferedBytes: resolver.value(Settings.maxBufferedBytes),
      eventLoops: resolver.value(Settings.eventLoops))
    timeouts = Configuration.Timeouts(
      connect: resolver.value(Settings.connectTimeout),
      firstByte: resolver.value(Settings.firstByteTimeout),
      idle: resolver.value(Settings.idleTimeout),
      total: resolver.value(Settings.totalTimeout),
      clientHeader: resolver.value(Settings.clientHeaderTimeout),
      clientIdle: resolver.value(Settings.clientIdleTimeout))
    drain = resolver.value(Settings.drain)
    meteringDrain = resolver.value(Settings.meteringDrain)
    logging = Configuration.Logging(
      level: resolver.value(Settings.logLevel), format: resolver.value(Settings.logFormat))
    rolloutStateFile = resolver.stateFile(Settings.stateFile)
    budgetStateFile = resolver.stateFile(Settings.budgetStateFile)
    watching = WatchingParts(&resolver)
    ledgerPath = Self.pathUnlessOff(resolver.value(Settings.ledger))
    ledgerAge = resolver.value(Settings.ledgerMaxAge)
    ledgerBytes = resolver.value(Settings.ledgerMaxBytes)
    let keepsBodies = resolver.value(Settings.ledgerBodies)
    let bodyBytes = resolver.value(Settings.ledgerMaxBodyBytes)
    ledgerBodyBytes = keepsBodies ? bodyBytes : nil
    makesTraces = resolver.value(Settings.makesTraces)
    exportsGenAIMetrics = resolver.value(Settings.genAIMetrics)
    allowsVariantOverride = resolver.value(Settings.variantOverride)
    sharedState = Configuration.SharedState(&resolver)
  }

  /// The finished snapshot.
  func configuration(
    _ policy: PolicyParts, origins: [EffectiveValue], warnings: [ConfigurationProblem], files: [String]
  ) -> Configuration {
    Configuration(
      listeners: listeners, upstream: upstream, upstreams: policy.upstreams, kimi: kimi, clients: clients.clients,
      hygiene: hygiene,
      limits: limits, timeouts: timeouts, limitPolicy: policy.limits, pricing: policy.pricing,
      cachePolicy: policy.cache, resilience: policy.resilience, screening: policy.screening, drain: drain,
      meteringDrain: meteringDrain, logging: logging, catalog: policy.catalog, access: policy.access,
      rollouts: policy.rollouts, routes: policy.routes, routesByLength: policy.routesByLength,
      rolloutStateFile: rolloutStateFile, budgetStateFile: budgetStateFile, ledgerPath: ledgerPath,
      audit: watching.audit, anomalies: watching.anomalies, webhook: watching.webhook,
      ledger: Configuration.Ledger(
        maximumAgeDays: ledgerAge, maximumBytes: ledgerBytes, maximumBodyBytes: ledgerBodyBytes,
        redactions: policy.redactions),
      sharedState: sharedState, makesTraces: makesTraces, exportsGenAIMetrics: exportsGenAIMetrics,
      origins: origins, sections: policy.rows, warnings: warnings, files: files)
  }
}

extension SettingsResolver {
  /// A state file's path; the default one lies beside the file that configures weir. Nil for `off`.
  fileprivate mutating func stateFile(_ setting: Setting<String>) -> String? {
    let path = value(setting)
    guard path.lowercased() != "off" else {
      record(setting.entry, "off", place(of: setting).origin)
      return nil
    }
    guard place(of: setting).origin == .builtIn else { return path }
    let neighbour = yaml.path.isEmpty ? envFilePath : yaml.path
    let directory = neighbour.lastIndex(of: "/").map { neighbour[...$0] } ?? ""
    record(setting.entry, directory + path, .builtIn)
    return directory + path
  }
}

extension ConfigurationParts {
  /// `off` names no model.
  fileprivate static func unlessOff(_ model: String) -> String { model.lowercased() == "off" ? "" : model }

  /// `off` names no file.
  fileprivate static func pathUnlessOff(_ path: String) -> String? { path.lowercased() == "off" ? nil : path }
}

extension Configuration.Listeners {
  /// As they are set; problems stay in the resolver.
  init(_ resolver: inout SettingsResolver) {
    self.init(
      traffic: resolver.value(Settings.listen), admin: resolver.value(Settings.adminListen),
      adminToken: resolver.value(Settings.adminToken), portFile: resolver.value(Settings.portFile),
      isInsecureAccepted: resolver.value(Settings.insecure))
  }
}
