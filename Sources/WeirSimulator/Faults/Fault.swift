/// One fault of a specification, and the share of requests it acts on.
struct Fault: Sendable, Equatable {
  enum Setting: Sendable, Equatable {
    case flag(Bool)
    case number(Int)
    case text(String)
    case field(HeaderField)
  }

  var name: FaultName
  var setting: Setting
  /// 0 to 1; 1 is every request.
  var probability = 1.0
  /// Acts on this many requests after the faults were set; nil is no end.
  var firstRequests: Int?
}

extension Fault {
  /// Reads `name=value;name=value`. With `allowingShares` a value may end with `@20%`, `#3` or both.
  static func parse(_ specification: String, allowingShares: Bool) throws(FaultSpecError) -> [Fault] {
    var faults: [Fault] = []
    for part in specification.split(separator: ";") {
      let trimmed = part.trimmingASCIISpace()
      if !trimmed.isEmpty { faults.append(try parse(part: trimmed, allowingShares: allowingShares)) }
    }
    return faults
  }

  /// The faults of a specification that all act, as in the header `x-sim-fault`.
  static func parseForOneRequest(_ specification: String) throws(FaultSpecError) -> Faults {
    var faults = Faults()
    for fault in try parse(specification, allowingShares: false) { faults.apply(fault) }
    return faults
  }

  private static func parse(part: Substring, allowingShares: Bool) throws(FaultSpecError) -> Fault {
    var rest = part
    let shares = allowingShares ? try takeShares(from: &rest, part: part) : (probability: 1.0, first: nil)
    let equals = rest.firstIndex(of: "=")
    let word = rest[..<(equals ?? rest.endIndex)].trimmingASCIISpace().lowercased()
    guard let name = FaultName(rawValue: word) else {
      let known = FaultName.allCases.map(\.rawValue).joined(separator: ", ")
      throw FaultSpecError(part: String(part), reason: "no such fault; known are \(known)")
    }
    let value = equals.map { rest[rest.index(after: $0)...].trimmingASCIISpace() }
    return Fault(
      name: name, setting: try setting(of: name, value, part: part), probability: shares.probability,
      firstRequests: shares.first)
  }

  private static func setting(
    of name: FaultName, _ value: Substring?, part: Substring
  ) throws(FaultSpecError) -> Setting {
    switch name.value {
    case .flag:
      guard value == nil || value == "1" || value == "0" else {
        throw FaultSpecError(part: String(part), reason: "is on or off: write \(name.rawValue)=1")
      }
      return .flag(value != "0")
    case .number(let range):
      guard let number = value.flatMap({ Int($0) }), range.contains(number) else {
        let reason = "needs a whole number from \(range.lowerBound) to \(range.upperBound)"
        throw FaultSpecError(part: String(part), reason: reason)
      }
      return .number(number)
    case .text:
      guard let value, !value.isEmpty, value.isHeaderValue else {
        throw FaultSpecError(part: String(part), reason: "needs a value that can stand in a header")
      }
      return .text(String(value))
    case .field:
      guard let value, let colon = value.firstIndex(of: ":"), value[..<colon].isHeaderName,
        value[value.index(after: colon)...].isHeaderValue
      else { throw FaultSpecError(part: String(part), reason: "needs header=NAME:VALUE") }
      let text = value[value.index(after: colon)...].trimmingASCIISpace()
      return .field(HeaderField(String(value[..<colon]), String(text)))
    }
  }

  /// Cuts `@20%` and `#3` off the end, in any order, each at most once.
  private static func takeShares(
    from rest: inout Substring, part: Substring
  ) throws(FaultSpecError) -> (probability: Double, first: Int?) {
    var probability: Double?
    var first: Int?
    while true {
      if first == nil, let mark = rest.lastIndex(of: "#"), let count = Int(rest[rest.index(after: mark)...]) {
        guard count >= 0 else { throw FaultSpecError(part: String(part), reason: "#N needs N from 0") }
        first = count
        rest = rest[..<mark]
      } else if probability == nil, rest.last == "%", let mark = rest.lastIndex(of: "@") {
        guard let percent = Double(rest[rest.index(after: mark)...].dropLast()), percent >= 0, percent <= 100
        else { throw FaultSpecError(part: String(part), reason: "@P% needs P from 0 to 100") }
        probability = percent / 100
        rest = rest[..<mark]
      } else {
        return (probability ?? 1, first)
      }
    }
  }
}
