public import WeirPolicy

/// A client's key and the entry of the configuration that lets it in; what `weir key` prints.
public struct IssuedKey: Sendable {
  /// Why no key is issued.
  public struct Fault: Error, CustomStringConvertible {
    /// What is wrong and what would be right; never shows a key.
    public let description: String

    init(_ problem: ValueProblem) { description = "\(problem.what); \(problem.fix)" }
  }

  /// What the client sends; shown once.
  public let key: Secret
  /// What the configuration holds.
  public let hash: KeyHash
  private let name: String
  private let expires: String?

  /// Makes a key for a client that is named as in the configuration.
  ///
  /// - Parameters:
  ///   - expires: as the configuration writes it, and later than now; nil never.
  ///   - now: in seconds since 1970.
  ///   - generator: must be one for secrets.
  public init(
    name: String, expires: String?, now: Int64, using generator: inout some RandomNumberGenerator
  ) throws(Fault) {
    do throws(ValueProblem) {
      self.name = try ValueParsers.clientName(name, place: "it")
      if let expires, try ValueParsers.timestamp(expires) <= now {
        throw ValueProblem(
          "\(ValueProblem.quoted(expires)) is over: the key would never be taken", fix: "write a date to come")
      }
    } catch {
      throw Fault(error)
    }
    self.expires = expires
    let text = ClientSecret.make(using: &generator)
    key = Secret(text)
    hash = KeyHash(ofKey: text, using: &generator)
  }

  /// The hash of a key that exists already.
  ///
  /// - Parameter text: the key; blanks and line ends around it do not count.
  public static func hash(
    of text: String, using generator: inout some RandomNumberGenerator
  ) throws(Fault) -> KeyHash {
    var text = text
    while let last = text.unicodeScalars.last, last == "\n" || last == "\r" { text.unicodeScalars.removeLast() }
    do throws(ValueProblem) {
      return KeyHash(ofKey: try ValueParsers.clientSecret(ASCII.trimmed(text)).reveal(), using: &generator)
    } catch {
      throw Fault(error)
    }
  }

  /// A hash of a shorter key can be found out by trying keys: it is to be replaced.
  public static let shortestSafeLength = 24

  /// The entry for the section `clients`, or for a file of clients; ends with a line feed.
  public var entry: String {
    "\(name):\n  key_hash: \(hash)\n" + (expires.map { "  expires: \($0)\n" } ?? "")
  }
}
