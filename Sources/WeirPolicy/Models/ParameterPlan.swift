public import WeirWire

/// Turns a model's parameter rules into the edits of one body.
public enum ParameterPlan {
  /// The edits that the rules ask for, one a member, in the order in which the rules first touch them.
  ///
  /// `value` gives the JSON text of a top-level member, nil when the request has none; it is asked at most once a
  /// member. Rules apply one after the other, each to what the last one left; a number that is not a JSON number
  /// stays for the upstream to refuse.
  public static func edits(
    _ rules: [ParameterRule], endpoint: Endpoint, value: (String) -> String?
  ) -> [ParameterEdit] {
    var members = MemberOverlay()
    for rule in rules where rule.endpoints?.contains(endpoint) ?? true {
      apply(rule.action, to: &members, value)
    }
    return members.edits
  }

  private static func apply(
    _ action: ParameterRule.Action, to members: inout MemberOverlay, _ value: (String) -> String?
  ) {
    switch action {
    case .fill(let name, let json):
      if members.current(name, value) == nil { members.set(name, to: json) }
    case .rename(let name, let other):
      guard name != other, let json = members.current(name, value) else { return }
      let isKept = members.current(other, value) == nil
      if isKept { members.set(other, to: json) }
      members.set(name, to: nil, warning: isKept ? nil : "\(name) was dropped because \(other) is there too")
    case .scale(let name, let factor):
      guard let number = JSONNumber.value(members.current(name, value)) else { return }
      members.set(name, to: JSONNumber.spelling(number * factor))
    case .clamp(let name, let lowest, let highest):
      guard let number = JSONNumber.value(members.current(name, value)) else { return }
      let clamped = min(max(number, lowest ?? number), highest ?? .greatestFiniteMagnitude)
      guard clamped != number, let json = JSONNumber.spelling(clamped) else { return }
      members.set(name, to: json, warning: "\(name) was set to \(json), the nearest value the model takes")
    case .drop(let name):
      guard members.current(name, value) != nil else { return }
      members.set(name, to: nil, warning: "\(name) was dropped because the model refuses it")
    }
  }
}

/// The members that rules have looked at: what the request said and what is left of it.
private struct MemberOverlay {
  private struct Member {
    let name: String
    let original: String?
    var current: String?
    var warning: String?
    var order: Int?
  }
  private var members: [Member] = []
  private var changes = 0

  mutating func current(_ name: String, _ value: (String) -> String?) -> String? {
    if let known = members.first(where: { $0.name == name }) { return known.current }
    let original = value(name)
    members.append(Member(name: name, original: original, current: original))
    return original
  }

  /// The member has been asked for with `current` before.
  mutating func set(_ name: String, to json: String?, warning: String? = nil) {
    guard let at = members.firstIndex(where: { $0.name == name }) else { return }
    members[at].current = json
    members[at].warning = warning ?? members[at].warning
    if members[at].order == nil {
      members[at].order = changes
      changes += 1
    }
  }

  var edits: [ParameterEdit] {
    members.filter { $0.order != nil && $0.current != $0.original }
      .sorted { ($0.order ?? 0) < ($1.order ?? 0) }
      .map { member in
        let change: ParameterEdit.Change =
          switch (member.original, member.current) {
          case (_, nil): .remove
          case (nil, let json?): .insert(json: json)
          case (_?, let json?): .replace(json: json)
          }
        let isLoss = member.original != nil
        return ParameterEdit(name: member.name, change: change, warning: isLoss ? member.warning : nil)
      }
  }
}

/// Numbers as JSON spells them (RFC 8259, section 6).
enum JSONNumber {
  /// The value of a JSON number; nil for any other JSON text.
  static func value(_ json: String?) -> Double? {
    guard let json, let first = json.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
      !json.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let number = Double(json),
      number.isFinite
    else { return nil }
    return number
  }

  /// The shortest spelling, rounded to six decimals so that 0.7 × 0.6 is 0.42; nil for what is not finite.
  static func spelling(_ number: Double) -> String? {
    guard number.isFinite else { return nil }
    let rounded = abs(number) < 1e9 ? (number * 1e6).rounded() / 1e6 : number
    if let whole = Int(exactly: rounded) { return String(whole) }
    return "\(rounded)"
  }
}
