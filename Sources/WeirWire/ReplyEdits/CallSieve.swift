/// Tells the forbidden tool calls of one reply from the others, and what number each of the others has once those are
/// gone. Plain value, for one thread; memory is bounded.
struct CallSieve {
  /// What tells the calls of one reply apart.
  typealias Place = ToolCallCollector.Place

  /// What the pieces of a call said of it so far.
  private struct CallName {
    var text = ""
    var id: String?
  }

  /// More places than this are not told apart: what comes after is taken out.
  static let maximumPlaces = 4096
  /// No tool is named at greater length; a call of a longer name goes.
  static let longestName = 512

  private let rule: ReplyRules.Tools
  /// The numbers of the calls that stay.
  private var numbers: [Place: Int] = [:]
  private var stripped: Set<Place> = []
  /// Calls whose first pieces went out before their names turned out to be forbidden: they keep their numbers.
  private var cutOff: Set<Place> = []
  private var names: [Place: CallName] = [:]
  private var choicesWithCalls: Set<Int> = []
  private var choicesWithout: Set<Int> = []
  /// The first forbidden tool, where the rule refuses.
  private(set) var refusedTool: String?

  init(_ rule: ReplyRules.Tools) { self.rule = rule }

  /// Whether a call was taken out.
  var hasStripped: Bool { !choicesWithout.isEmpty }

  /// The number of a call from here on; nil where this piece of it goes.
  ///
  /// - Parameters:
  ///   - name: of the tool, or a piece of it; nil or empty for a piece that does not say. A first piece without one is
  ///     judged as a tool without a name, and a later one with a name again.
  ///   - id: of the call; nil or empty for a piece that does not say.
  mutating func number(_ place: Place, name: String?, id: String? = nil) -> Int? {
    let name = name ?? ""
    if name.isEmpty {
      if cutOff.contains(place) { return nil }
      if let number = numbers[place] { return number }
      if stripped.contains(place) { return nil }
    }
    let whole = spelled(place, name, id)
    let isAllowed = (whole == name || keeps([whole], choice: place.choice)) && keeps([name], choice: place.choice)
    guard isAllowed, numbers.count + stripped.count < Self.maximumPlaces else {
      return remove(place, isOut: whole != name)
    }
    stripped.remove(place)
    cutOff.remove(place)
    let number = numbers[place] ?? number(of: place)
    numbers[place] = number
    return number
  }

  /// What the name of a call is with this piece, as clients read it: they put pieces together. A piece that says all
  /// again says nothing new, and one with another id begins another call: some servers give every call the same index.
  private mutating func spelled(_ place: Place, _ piece: String, _ id: String?) -> String {
    var name = names[place] ?? CallName()
    if let id, !id.isEmpty {
      if let known = name.id, known != id { name = CallName() }
      name.id = id.utf8.count > Self.longestName ? nil : id
    }
    guard piece != name.text else { return piece }
    name.text += piece
    let whole = name.text
    if whole.utf8.count > Self.longestName { name.text = "" }
    if names[place] != nil || names.count < Self.maximumPlaces { names[place] = name }
    return whole
  }

  /// - Parameter isOut: whether pieces of the same call may have gone out.
  private mutating func remove(_ place: Place, isOut: Bool) -> Int? {
    if isOut, numbers[place] != nil {
      cutOff.insert(place)
      return nil
    }
    numbers[place] = nil
    if stripped.count < Self.maximumPlaces { stripped.insert(place) }
    return nil
  }

  /// The number of a call that stands whole in one event; nil where it goes.
  ///
  /// - Parameter names: all that the tool goes by.
  mutating func number(_ place: Place, names: [String]) -> Int? {
    guard names.count > 1 else { return number(place, name: names.first) }
    guard keeps(names), numbers.count + stripped.count < Self.maximumPlaces else { return remove(place, isOut: false) }
    let number = numbers[place] ?? number(of: place)
    numbers[place] = number
    return number
  }

  /// Whether a call that stands whole stays.
  ///
  /// - Parameter names: all that the tool goes by.
  mutating func keeps(_ names: [String], choice: Int = 0) -> Bool {
    let isKnown = choicesWithCalls.contains(choice) || choicesWithout.contains(choice)
    let hasRoom = isKnown || choicesWithCalls.count + choicesWithout.count < Self.maximumPlaces
    let isAllowed = names.allSatisfy { $0.utf8.count <= Self.longestName } && rule.allows(names)
    if isAllowed, hasRoom {
      choicesWithCalls.insert(choice)
      return true
    }
    if rule.refuses, !isAllowed { refusedTool = refusedTool ?? names.first ?? "" }
    if hasRoom { choicesWithout.insert(choice) }
    return false
  }

  /// Whether what stands at a place was taken out.
  func isStripped(_ place: Place) -> Bool { stripped.contains(place) }

  /// The number of a place once what was taken out before it is gone.
  func number(of place: Place) -> Int {
    guard !stripped.isEmpty else { return place.index }
    let earlier = stripped.reduce(0) { count, other in
      count + (other.choice == place.choice && (0..<max(place.index, 0)).contains(other.index) ? 1 : 0)
    }
    return place.index - earlier
  }

  /// Whether calls of a choice were taken out and none stays, so that it must not say that it ended for a call.
  func leavesNoCall(choice: Int = 0) -> Bool { choicesWithout.contains(choice) && !choicesWithCalls.contains(choice) }
}
