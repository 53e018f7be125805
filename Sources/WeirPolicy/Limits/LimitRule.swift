/// A bound on requests or tokens a minute, kept for each value of its dimensions.
public struct LimitRule: Sendable, Equatable {
  /// What is counted.
  public enum Unit: String, Sendable {
    case requests, tokens
  }

  /// What the label `limit` and messages call it.
  public var name: String
  /// What is counted.
  public var unit: Unit
  /// The sustained rate; above zero.
  public var perMinute: Int
  /// What may come at once after a pause; at least 1.
  public var burst: Int
  /// Who the bound is kept for, and which requests count.
  public var scope: LimitScope

  /// Without a burst, a minute's worth may come at once.
  public init(name: String, unit: Unit, perMinute: Int, burst: Int? = nil, scope: LimitScope) {
    self.name = name
    self.unit = unit
    self.perMinute = max(perMinute, 1)
    self.burst = max(burst ?? perMinute, 1)
    self.scope = scope
  }
}

/// A bound on requests that are in flight at the same time.
public struct ConcurrencyRule: Sendable, Equatable {
  /// What the label `limit` and messages call it.
  public var name: String
  /// At least 1.
  public var maximum: Int
  /// Who the bound is kept for, and which requests count.
  public var scope: LimitScope

  /// Describes a bound.
  public init(name: String, maximum: Int, scope: LimitScope) {
    self.name = name
    self.maximum = max(maximum, 1)
    self.scope = scope
  }
}

/// Who a bound is kept for, and which requests count.
public struct LimitScope: Sendable, Hashable {
  /// What tells one count from another.
  public enum Dimension: String, Sendable, CaseIterable {
    case client, user, model
  }

  /// Each combination of these has a count of its own; empty keeps one count for all.
  public var dimensions: Set<Dimension>
  /// Names of clients; empty means all.
  public var clients: [String]
  /// Patterns of the model that is asked of the upstream; empty means all.
  public var models: [ModelPattern]
  /// Whether it is part of a client's own entry: then it is another bound than one of the rules that has its name and is
  /// about that client alone.
  public var isClientsOwn: Bool

  /// Describes a scope.
  public init(
    per dimensions: Set<Dimension>, clients: [String] = [], models: [ModelPattern] = [], isClientsOwn: Bool = false
  ) {
    self.dimensions = dimensions
    self.clients = clients
    self.models = models
    self.isClientsOwn = isClientsOwn
  }
}
