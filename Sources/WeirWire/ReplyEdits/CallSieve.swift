/// Tells the forbidden tool calls of one reply from the others, and what number each of the others has once those are
/// gone. Plain value, for one thread; memory is bounded.
struct CallSieve {
  /// What tells the calls of one reply apart.
  typealias Place = ToolCallCollector.Place

  /// More places than this are not told apart: what comes after is taken out.
  static let maximumPlaces = 4096

  private let rule: ReplyRules.Tools
  /// The numbers of the calls that stay.
  private var numbers: [Place: Int] = [:]
  private var stripped: Set<Place> = []
  private var choicesWithCalls: Set<Int> = []
  private var choicesWithout: Set<Int> = []
  /// The first forbidden tool, where the rule refuses.
  private(set) var refusedTool: String?

  init(_ rule: ReplyRules.Tools) { self.rule = rule }

  /// Whether a call was taken out.
  var hasStripped: Bool { !choicesWithout.isEmpty }

  /// The number of a call from here on; nil where this piece of it goes.
  ///
  /// - Parameter name: of the tool; nil or empty for a piece that does not say. A first piece without one is judged as
  ///   a tool without a name, and a later one with a name again.
  mutating func number(_ place: Place, name: String?) -> Int? {
    let name = name ?? ""
    if name.isEmpty {
      if let number = numbers[place] { return number }
      if stripped.contains(place) { return nil }
    }
    guard keeps(name, choice: place.choice), numbers.count + stripped.count < Self.maximumPlaces else {
      numbers[place] = nil
      if stripped.count < Self.maximumPlaces { stripped.insert(place) }
      return nil
    }
    stripped.remove(place)
    let number = numbers[place] ?? number(of: place)
    numbers[place] = number
    return number
  }

  /// Whether a call that stands whole stays.
  mutating func keeps(_ name: String, choice: Int = 0) -> Bool {
    let isKnown = choicesWithCalls.contains(choice) || choicesWithout.contains(choice)
    let hasRoom = isKnown || choicesWithCalls.count + choicesWithout.count < Self.maximumPlaces
    if rule.allows(name), hasRoom {
      choicesWithCalls.insert(choice)
      return true
    }
    if rule.refuses, !rule.allows(name) { refusedTool = refusedTool ?? name }
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
