/// Totals of one day, UTC, in all and by model.
struct StatusToday: Sendable {
  struct Model: Sendable {
    let name: String
    var totals = StatusTotals()
    /// Seconds since 1970.
    var lastUsed: Int64
  }

  /// More models than this are counted together.
  static let maximumModels = 32
  static let otherModels = "other"

  private static let secondsOfDay: Int64 = 86_400
  /// Seconds.
  private static let late: Int64 = 5

  private var day: Int64 = .min
  private var totals = StatusTotals()
  private var models: [Model] = []
  private var indices: [String: Int] = [:]
  private var last = 0

  init() {
    models.reserveCapacity(Self.maximumModels + 1)
    indices.reserveCapacity(Self.maximumModels + 1)
  }

  mutating func add(_ request: FinishedRequest, second: Int64) {
    begin(second)
    totals.add(request)
    let index = index(of: request.model, second: second)
    models[index].totals.add(request)
    models[index].lastUsed = max(models[index].lastUsed, second)
  }

  /// Nothing when nothing was counted on the day of this second.
  func reading(second: Int64) -> (totals: StatusTotals, models: [Model]) {
    second.flooredQuotient(Self.secondsOfDay) == day ? (totals, models) : (StatusTotals(), [])
  }

  private mutating func begin(_ second: Int64) {
    let next = second.flooredQuotient(Self.secondsOfDay)
    guard next != day else { return }
    // Two event loops may see midnight in either order: what comes late counts for the new day. What is further from it
    // comes of a clock that was set back.
    let rest = Self.secondsOfDay - second.flooredRemainder(Self.secondsOfDay)
    guard day == .min || next != day - 1 || rest > Self.late else { return }
    day = next
    totals = StatusTotals()
    models.removeAll(keepingCapacity: true)
    indices.removeAll(keepingCapacity: true)
  }

  private mutating func index(of name: String, second: Int64) -> Int {
    // Most requests are for the model of the one before.
    if last < models.count, models[last].name == name { return last }
    last = knownIndex(of: name, second: second)
    return last
  }

  private mutating func knownIndex(of name: String, second: Int64) -> Int {
    if let known = indices[name] { return known }
    guard models.count < Self.maximumModels else {
      return indices[Self.otherModels] ?? append(Self.otherModels, second: second)
    }
    return append(name, second: second)
  }

  private mutating func append(_ name: String, second: Int64) -> Int {
    models.append(Model(name: name, lastUsed: second))
    indices[name] = models.count - 1
    return models.count - 1
  }
}
