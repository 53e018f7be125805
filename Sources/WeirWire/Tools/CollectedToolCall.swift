/// One call of a function tool, as a reply made it.
public struct CollectedToolCall: Sendable, Equatable {
  /// The function's name; empty where the reply gave none.
  public var name: String
  /// The call's id, untouched; Kimi's have the form `functions.NAME:INDEX`.
  public var id: String?
  /// The arguments' text, escapes undone, as a client would parse it.
  public var arguments: [UInt8]
  /// False when some of the arguments were not kept, or never came: then nothing can be said about them.
  public var isWhole: Bool

  /// A call whose arguments are all there, unless said otherwise.
  public init(name: String, id: String? = nil, arguments: [UInt8], isWhole: Bool = true) {
    self.name = name
    self.id = id
    self.arguments = arguments
    self.isWhole = isWhole
  }
}
