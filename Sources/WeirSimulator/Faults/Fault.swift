/// One fault of a specification, and which requests it acts on.
struct Fault: Sendable, Equatable {
  enum Setting: Sendable, Equatable {
    case flag(Bool)
    case number(Int)
    case text(String)
    case field(HeaderField)
  }

  var name: FaultName
  var setting: Setting
  var scope = FaultScope()
}

extension Fault {
  /// Reads `name=value;name=value`. A value may end with `[PATTERN]`; with `allowingShares` also with `@20%` and `#3`,
  /// in any order.
  static func parse(_ specification: String, allowingShares: Bool) throws(FaultSpecError) -> [Fault] {
    var faults: [Fault] = []
    for part in specification.split(separator: ";") {
      let trimmed = part.trimmingASCIISpace()
      if !trimmed.isEmpty { faults.append(try parse(part: trimmed, allowingShares: allowingShares)) }
    }
    return faults
  }

  private static func parse(part: Substring, allowingShares: Bool) throws(FaultSpecError) -> Fault {
    var rest = part
    let scope = try FaultScope(takenFrom: &rest, allowingShares: allowingShares)
    let equals = rest.firstIndex(of: "=")
    let word = rest[..<(equals ?? rest.endIndex)].trimmingASCIISpace().lowercased()
    guard let name = FaultName(rawValue: word) else {
      let known = FaultName.allCases.map(\.rawValue).joined(separator: ", ")
      throw FaultSpecError(part: String(part), reason: "no such fault; known are \(known)")
    }
    if name == .early, scope.models != nil {
      let reason = "answers before the body is read, so it cannot depend on the body's model"
      throw FaultSpecError(part: String(part), reason: reason)
    }
    let value = equals.map { rest[rest.index(after: $0)...].trimmingASCIISpace() }
    return Fault(name: name, setting: try setting(of: name, value, part: part), scope: scope)
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
}
