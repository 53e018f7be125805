/// A large value that few requests have: in memory of its own where there is one, so that the others, of which thousands
/// may be open, hold no room for it. Not for what changes often: each new value is an allocation.
@propertyWrapper
public struct Seldom<Value: Sendable>: Sendable {
  private indirect enum Content: Sendable {
    case nothing
    case value(Value)
  }

  private var content: Content

  /// The value, a copy; nil where there is none.
  public var wrappedValue: Value? {
    get { if case .value(let value) = content { value } else { nil } }
    set { content = newValue.map(Content.value) ?? .nothing }
  }

  /// Holds a value, or none.
  public init(wrappedValue: Value?) { content = wrappedValue.map(Content.value) ?? .nothing }
}
