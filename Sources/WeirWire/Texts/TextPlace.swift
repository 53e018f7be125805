/// Where in a request a text stands, as `messages[3].content[0].text`. Names that are not of the API are written as `*`,
/// since they may be data.
struct TextPlace {
  private enum Step {
    case name(StaticString)
    case index(Int)
  }

  private var steps: [Step] = []

  /// Deeper places are cut here.
  private static let longest = 12

  mutating func push(_ name: StaticString?) { steps.append(.name(name ?? "*")) }

  mutating func push(_ index: Int) { steps.append(.index(index)) }

  mutating func pop() { steps.removeLast() }

  var text: String {
    var text = ""
    for step in steps.prefix(Self.longest) {
      switch step {
      case .name(let name): text += text.isEmpty ? "\(name)" : ".\(name)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return steps.count > Self.longest ? text + "…" : text
  }
}
