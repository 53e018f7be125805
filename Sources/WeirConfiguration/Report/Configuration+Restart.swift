extension Configuration {
  /// The names of settings whose new values take a restart: a reload keeps those of `previous`.
  public func settingsAwaitingRestart(since previous: Configuration) -> [String] {
    let before = Dictionary(
      previous.origins.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
    return origins.filter { !$0.isReloadable && before[$0.name] != $0.text }.map(\.name)
  }
}
