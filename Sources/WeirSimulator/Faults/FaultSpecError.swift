/// A fault specification that cannot be read. The command exits with 64; over HTTP it is a 400.
public struct FaultSpecError: Error, Equatable, CustomStringConvertible {
  /// The part of the specification that is wrong, as written.
  public let part: String
  /// What is wrong with it, and what would be right.
  public let reason: String

  /// One line for a person.
  public var description: String { "fault `\(part)`: \(reason)" }
}
