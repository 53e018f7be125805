import Logging
public import WeirConfiguration
import WeirMetrics
public import WeirStore

extension SharedStore {
  /// The store of the configuration, not yet started; nil where nothing is shared.
  static func of(
    _ configuration: Configuration, registry: MetricsRegistry, logger: Logger
  ) throws(StoreStartError) -> SharedStore? {
    guard let store = StoreSettings(configuration) else { return nil }
    let shared = try SharedStore(store, observer: SharedStateMetrics(registry, logger: logger))
    SharedStateMetrics.observe(shared, in: registry)
    return shared
  }
}

extension StoreSettings {
  /// Nil where nothing is shared.
  public init?(_ configuration: Configuration) {
    let settings = configuration.sharedState
    guard let url = settings.url else { return nil }
    let place: Place =
      switch url.place {
      case .network(let host, let port): .network(host: host, port: port)
      case .socket(let path): .socket(path: path)
      }
    self.init(
      place: place,
      trust: url.isSecure ? Trust(file: configuration.upstream.certificateAuthorityFile) : nil, user: url.user,
      password: url.password?.reveal(), database: url.database, prefix: settings.prefix, deadline: settings.deadline)
  }
}
