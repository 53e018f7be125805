import CWeirSimdjson

/// Puts a reply's tool calls together from their pieces. Plain value, for one event loop; memory is bounded: calls and
/// arguments beyond the bounds are known of, but not whole.
struct ToolCallCollector {
  /// The arguments of no more calls than this are kept.
  static let maximumCalls = 128
  /// What the arguments of one reply may take in all, in bytes as they were escaped.
  static let maximumArgumentBytes = 6 << 20

  /// What tells the calls of one reply apart.
  struct Place: Hashable {
    /// The choice of a chat reply; 0 for the other APIs, which have one answer.
    var choice: Int
    /// The call's index, output index or content block index.
    var index: Int

    /// OpenAI's first form, `function_call`, one a choice.
    static func legacy(choice: Int) -> Place { Place(choice: choice, index: -1) }
  }

  private struct Call {
    var name = ""
    var id: String?
    var text: [UInt8] = []
    /// The text is the content of JSON strings, escapes as written. They are undone when all is there, since a vendor
    /// may cut between the two halves of a surrogate pair.
    var isEscaped = true
    var isWhole = true
  }

  private var calls: [Call] = []
  private var positions: [Place: Int] = [:]
  private var keptBytes = 0

  var isEmpty: Bool { calls.isEmpty }

  /// The call at a place, begun if it is new; nil when there are too many to tell apart.
  private mutating func position(of place: Place) -> Int? {
    if let known = positions[place] { return known }
    guard calls.count < ReplyInterpreter.maximumToolCalls else { return nil }
    var call = Call()
    call.isWhole = calls.count < Self.maximumCalls
    calls.append(call)
    positions[place] = calls.count - 1
    return calls.count - 1
  }

  /// Notes what a piece says of the call beside its arguments. The first name and id stay, except that a piece with a
  /// name and another id begins a new call: some servers give every call of a reply the same index.
  mutating func note(_ place: Place, name: String?, id: String?) {
    let id = id.flatMap { $0.isEmpty ? nil : $0 }
    let name = name.flatMap { $0.isEmpty ? nil : $0 }
    if let known = positions[place], name != nil, let id, let earlier = calls[known].id, earlier != id {
      positions[place] = nil
    }
    guard let position = position(of: place) else { return }
    if let name, calls[position].name.isEmpty { calls[position].name = name }
    if calls[position].id == nil { calls[position].id = id }
  }

  /// Adds a piece of the arguments' text, a JSON string; any other value adds nothing.
  mutating func append(_ place: Place, _ piece: JSONValue?) {
    guard let position = position(of: place), let escaped = unsafe piece?.quoted else { return }
    guard unsafe !escaped.isEmpty else { return }
    if !calls[position].isEscaped {
      // Anthropic's streams begin each call with an empty `input`, which the pieces replace.
      drop(position)
      calls[position].isEscaped = true
    }
    unsafe keep(escaped, in: position)
  }

  /// Takes the arguments whole, in place of what came before.
  ///
  /// - Parameter value: a JSON string with the text, or, for Anthropic, the arguments themselves.
  mutating func replace(_ place: Place, _ value: JSONValue?) {
    guard let position = position(of: place), let value else { return }
    let escaped = unsafe value.quoted
    drop(position)
    calls[position].isEscaped = unsafe escaped != nil
    unsafe keep(escaped ?? value.text, in: position)
  }

  private mutating func drop(_ position: Int) {
    keptBytes -= calls[position].text.count
    calls[position].text.removeAll(keepingCapacity: true)
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer, in position: Int) {
    guard calls[position].isWhole else { return }
    guard keptBytes + bytes.count <= Self.maximumArgumentBytes else {
      keptBytes -= calls[position].text.count
      calls[position].text = []
      calls[position].isWhole = false
      return
    }
    keptBytes += bytes.count
    unsafe calls[position].text.append(contentsOf: bytes)
  }

  /// What was to come did not: no call is known to be whole.
  mutating func breakOff() {
    for position in calls.indices { calls[position].isWhole = false }
  }

  /// Hands the calls out, in the order in which they began, and forgets them.
  mutating func take() -> [CollectedToolCall] {
    let collected = calls.map { call in
      CollectedToolCall(
        name: call.name, id: call.id, arguments: call.isWhole ? Self.unescaped(call) : [], isWhole: call.isWhole)
    }
    self = ToolCallCollector()
    return collected
  }

  private static func unescaped(_ call: Call) -> [UInt8] {
    guard call.isEscaped, call.text.contains(UInt8(ascii: "\\")) else { return call.text }
    return unsafe call.text.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return [] }
      return unsafe [UInt8](unsafeUninitializedCapacity: source.count) { out, count in
        guard let target = out.baseAddress else { return }
        count = unsafe weir_json_unescape(start, source.count, target)
      }
    }
  }
}
