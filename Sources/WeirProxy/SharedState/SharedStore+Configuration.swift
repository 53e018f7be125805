import Logging
public import WeirConfiguration
import WeirMetrics
public import WeirStore

extension SharedStore {
  /// The store of the configuration, not yet started; nil where nothing is shared.
  static func of(
    _ settings: Configuration.SharedState, registry: MetricsRegistry, logger: Logger
  ) throws(StoreStartError) -> SharedStore? {
    guard let store = StoreSettings(settings) else { return nil }
    let shared = try SharedStore(store, observer: SharedStateMetrics(registry, logger: logger))
    SharedStateMetrics.observe(shared, in: registry)
    return shared
  }
}

extension StoreSettings {
  /// Nil where nothing is shared.
  public init?(_ settings: Configuration.SharedState) {
    guard let url = settings.url else { return nil }
    let place: Place =
      switch url.place {
      case .network(let host, let port): .network(host: host, port: port)
      case .socket(let path): .socket(path: path)
      }
    self.init(
      place: place, user: url.user, password: url.password?.reveal(), database: url.database,
      prefix: settings.prefix, deadline: settings.deadline)
  }
}
