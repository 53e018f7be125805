/// Finds every text of a request that a model reads, in the shapes of all five APIs.
///
/// That is every string under `messages`, `input`, `prompt`, `system`, `instructions`, `suffix` and `prediction`, at any
/// depth, whatever the part is called, but for what no model reads as text: ids, names, types, signatures, and encoded
/// data (`data:` URLs, base64 sources, sound). So a kind of part that weir does not know is read too. Not read are the
/// descriptions of tools, the names of members, and `metadata`.
struct RequestTexts {
  /// What the members of an object mean.
  private enum Level {
    /// A message, or an item of the Responses API.
    case item
    /// A part of a message's content.
    case part
    /// A picture, file or document; `isSound` where its data is sound.
    case media(isSound: Bool)
    /// Whatever a tool makes of it: every string is text.
    case data
  }

  /// Who a text is from, its bytes between the quotes, and its place. Answers whether to go on.
  typealias Visitor = (TextRole, Range<Int>, TextPlace) -> Bool

  private let visit: Visitor
  private var place = TextPlace()
  private var isOver = false

  private init(_ visit: @escaping Visitor) { self.visit = visit }

  /// Visits the texts in the order of the body.
  static func read(_ root: JSONValue, _ visit: Visitor) {
    withoutActuallyEscaping(visit) { visit in
      var texts = RequestTexts(visit)
      for (key, value) in root.members {
        let (known, name) = TextKey.find(key)
        guard let known, let name, !texts.isOver else { continue }
        texts.place.push(name)
        texts.readMember(known, value)
        texts.place.pop()
      }
    }
  }

  private mutating func readMember(_ key: TextKey, _ value: JSONValue) {
    switch key {
    case .messages, .input: read(value, .user, .item)
    case .prompt, .suffix: read(value, .user, .data)
    case .system: read(value, .system, .part)
    case .instructions: read(value, .system, .item)
    case .prediction: read(value, .assistant, .part)
    default: return
    }
  }

  private mutating func read(_ value: JSONValue, _ role: TextRole, _ level: Level) {
    if value.isString {
      guard let range = value.range, range.count > 2, !isOver else { return }
      isOver = !visit(role, range.lowerBound + 1..<range.upperBound - 1, place)
    } else if value.isArray {
      for (index, element) in value.elements.enumerated() {
        guard !isOver else { return }
        place.push(index)
        read(element, role, level)
        place.pop()
      }
    } else if value.isObject {
      readObject(value, role, level)
    }
  }

  private mutating func readObject(_ object: JSONValue, _ role: TextRole, _ level: Level) {
    let traits = Traits(object, level)
    let role = traits.role ?? role
    for (key, value) in object.members {
      guard !isOver else { return }
      let (known, name) = TextKey.find(key)
      guard let inner = traits.level(of: known, value) else { continue }
      place.push(name)
      read(value, role, inner)
      place.pop()
    }
  }

  /// What an object says of its members.
  private struct Traits {
    let level: Level
    /// Nil leaves it as it is around the object.
    private(set) var role: TextRole?
    private var isEncoded = false
    private var isPlain = false

    /// Of a member that comes twice the last one counts, as for most readers.
    init(_ object: JSONValue, _ level: Level) {
      self.level = level
      if case .data = level { return }
      var (type, spoken): (String?, String?)
      for (key, value) in object.members {
        switch TextKey.find(key).key {
        case .type: type = value.string()
        case .role: spoken = value.string()
        default: continue
        }
      }
      isEncoded = ["base64", "redacted_thinking", "reasoning.encrypted"].contains(type)
      isPlain = type == "text"
      if case .media = level { return }
      let isResult = type.map { $0.hasSuffix("tool_result") || $0.hasSuffix("_output") } ?? false
      if isResult { role = .tool }
      if case .item = level, !isResult {
        let isOfModel = type.map { $0.hasSuffix("_call") || $0 == "reasoning" } ?? false
        role = spoken.map(Self.role) ?? (isOfModel ? .assistant : nil)
      }
    }

    private static func role(_ name: String) -> TextRole {
      switch name {
      case "system", "developer": .system
      case "assistant": .assistant
      case "tool", "function": .tool
      default: .user
      }
    }

    /// Nil for what is not read.
    func level(of key: TextKey?, _ value: JSONValue) -> Level? {
      if case .data = level { return .data }
      let isString = value.isString
      switch key {
      case .role, .type, .opaque: return isString ? nil : .data
      case .content, .output, .parts, .function, .calls: return .part
      case .media: return isString && value.isDataURL ? nil : .media(isSound: false)
      case .inputAudio: return .media(isSound: true)
      case .url:
        if case .media(isSound: true) = level { return isString ? nil : .data }
        return isString && (isEncoded || value.isDataURL && !isPlain) ? nil : .data
      default: return .data
      }
    }
  }
}

extension JSONValue {
  fileprivate var isDataURL: Bool {
    guard let quoted = unsafe quoted else { return false }
    return unsafe quoted.prefix(5).elementsEqual("data:".utf8)
  }
}
