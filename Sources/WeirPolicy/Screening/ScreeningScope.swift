/// Whose requests a rule of screening is about.
public struct ScreeningScope: Sendable, Equatable {
  /// Names of clients; empty means all.
  public var clients: [String]
  /// Models; empty means all.
  public var models: [ModelPattern]

  /// Describes a scope; by default, every request.
  public init(clients: [String] = [], models: [ModelPattern] = []) {
    self.clients = clients
    self.models = models
  }

  /// Whether the rule is about a request.
  ///
  /// - Parameter names: every name of every model that the request may reach; empty where that is not known, so that
  ///   every rule applies.
  func covers(client: String, models names: [String]) -> Bool {
    guard clients.isEmpty || clients.contains(client) else { return false }
    return models.isEmpty || names.isEmpty || models.contains { pattern in names.contains(where: pattern.matches) }
  }
}
