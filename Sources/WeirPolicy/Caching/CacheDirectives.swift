/// What a request says about the cache: its `Cache-Control` (RFC 9111, section 5.2.1) and `x-weir-cache-ttl`.
public struct CacheDirectives: Sendable, Equatable {
  /// `no-store`: the reply is neither taken from the cache nor kept in it.
  public internal(set) var forbidsStore = false
  /// `no-cache`: the reply comes from the upstream, and may then be kept.
  public internal(set) var forbidsRead = false
  /// `only-if-cached`: nothing goes upstream.
  public internal(set) var onlyIfCached = false
  /// `max-age`: seconds that a kept reply may be old; nil where nothing is said.
  public internal(set) var maximumAge: Int?
  /// `x-weir-cache-ttl`: seconds that the reply may be kept and a kept one may be old; 0 leaves the cache out.
  public internal(set) var timeToLive: Int?

  /// The largest value of `x-weir-cache-ttl`: a day.
  public static let longestTimeToLive = 86_400

  /// Says nothing.
  public init() {}

  /// Reads both fields.
  ///
  /// `Cache-Control` is read with indulgence, as HTTP asks: directives that are not known are ignored, arguments may be
  /// quoted, and a `max-age` that is no number of seconds (RFC 9111, section 1.2.2), negative for example, counts as 0,
  /// the cautious reading that section 4.2.1 encourages. Of several the smallest counts; one too large for any clock
  /// is as good as none. `x-weir-cache-ttl` is weir's own and must be right.
  ///
  /// - Parameters:
  ///   - cacheControl: the values of all `Cache-Control` lines, in order.
  ///   - timeToLive: the value of `x-weir-cache-ttl`.
  /// - Throws: `invalid_request` for an `x-weir-cache-ttl` that is not a whole number of 0 to 86400.
  public static func read(cacheControl: [String], timeToLive: String?) throws(Refusal) -> CacheDirectives {
    var directives = CacheDirectives()
    for line in cacheControl {
      var list = DirectiveList(line)
      while let directive = list.next() { directives.take(directive) }
    }
    if let timeToLive {
      guard let seconds = seconds(timeToLive.utf8[...].trimmed), seconds <= longestTimeToLive else {
        throw Refusal(
          .invalidRequest, "`x-weir-cache-ttl` is not a number of seconds between 0 and \(longestTimeToLive)",
          remedy: "Send whole seconds, such as `x-weir-cache-ttl: 300`, or leave the header out.")
      }
      directives.timeToLive = seconds
    }
    return directives
  }

  private mutating func take(_ directive: DirectiveList.Directive) {
    switch directive.name {
    case "no-store": forbidsStore = true
    case "no-cache": forbidsRead = true
    case "only-if-cached": onlyIfCached = true
    case "max-age":
      let age = directive.argument.flatMap { Self.seconds($0[...]) } ?? 0
      maximumAge = min(maximumAge ?? age, age)
    default: break
    }
  }

  /// Nil unless all bytes are digits and there is one at least; what is too large is taken as the largest.
  private static func seconds(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      value = overflows || overflowsToo ? .max : sum
    }
    return value
  }
}
