extension Configuration {
  /// The names of settings that differ from `previous` and take a restart.
  public func settingsAwaitingRestart(since previous: Configuration) -> [String] {
    let before = Dictionary(
      previous.origins.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
    return origins.filter { value in
      !value.isReloadable && (before[value.name] != value.text || isOtherSecret(value.name, previous))
    }.map(\.name)
  }

  /// Secrets are spelled alike, whatever they are.
  private func isOtherSecret(_ name: String, _ previous: Configuration) -> Bool {
    switch name {
    case Settings.redisURL.entry.name: sharedState.url != previous.sharedState.url
    case Settings.redisCacheKey.entry.name: sharedState.cacheKey != previous.sharedState.cacheKey
    default: false
    }
  }
}
