/// Reads the meaning of one reply's documents: the parts that all APIs share; each API has a file of its own.
struct ReplyInterpreter {
  var reading = ReplyReading()
  let endpoint: Endpoint
  let isStream: Bool
  var anthropicUsage = AnthropicUsage()
  /// The tool calls of a chat stream, by choice and index, since each comes in many pieces.
  var toolCallsSeen: Set<Int> = []
  /// More calls than this in one reply are not told apart.
  static let maximumToolCalls = 1024
  /// Nil unless the request offered tools, so that other replies pay nothing.
  var collector: ToolCallCollector?
  /// Text for the user, or a refusal, was seen; reasoning alone is no answer.
  var hasAnswer = false
  /// Some event was too long to be read.
  var skippedEvents = false

  init(endpoint: Endpoint, isStream: Bool, collector: ToolCallCollector? = nil) {
    self.endpoint = endpoint
    self.isStream = isStream
    self.collector = collector
  }

  mutating func readEvent(name: UnsafeRawBufferPointer?, data: UnsafeRawBufferPointer, json: JSONReader) {
    if unsafe data.first == UInt8(ascii: "["), unsafe data.elementsEqual("[DONE]".utf8) {
      if endpoint == .chatCompletions || endpoint == .completions { reading.sawEndMarker = true }
      return
    }
    let isValid = unsafe json.read(data) { root in
      guard root.isObject else {
        reading.isMalformed = true
        return
      }
      switch endpoint {
      case .responses: readResponsesEvent(root)
      case .messages: readMessagesEvent(root)
      default: readChat(root)
      }
    }
    if !isValid { reading.isMalformed = true }
  }

  /// An event too long to be read: only its name tells what it was, and the usage in it was found all the same.
  ///
  /// - Parameter usage: an object with nothing else.
  mutating func skipEvent(name: UnsafeRawBufferPointer?, usage: [UInt8]?, json: JSONReader) {
    skippedEvents = true
    if let usage {
      _ = unsafe usage.withUnsafeBytes {
        unsafe json.read($0) { endpoint == .responses ? readResponse($0) : readChat($0) }
      }
    }
    guard endpoint == .responses, let name = unsafe name else { return }
    let ends = ["response.completed", "response.incomplete", "response.failed"]
    if ends.contains(where: { unsafe name.elementsEqual($0.utf8) }) { reading.sawEndMarker = true }
  }

  mutating func readPlain(_ body: UnsafeRawBufferPointer, json: JSONReader) {
    let isValid = unsafe json.read(body) { root in
      reading.sawEndMarker = true
      switch endpoint {
      case .responses: readResponse(root)
      case .messages: readMessage(root)
      default: readChat(root)
      }
    }
    if !isValid { reading.isMalformed = true }
  }

  /// The reply is over: what only the whole tells.
  mutating func conclude() {
    concludeToolCalls()
    guard endpoint != .embeddings, reading.sawEndMarker, reading.error == nil, !skippedEvents else { return }
    let hasCalls = reading.toolCalls > 0 || reading.finishReason == "function_call"
    reading.isEmpty = !hasAnswer && !hasCalls && !reading.sawRefusal
  }

  // MARK: What all APIs share

  /// Takes `id`, `model` and `provider`, which do not change within a reply.
  mutating func readIdentity(_ object: JSONValue) {
    if reading.generationID == nil { reading.generationID = object["id"]?.string() }
    if reading.model == nil { reading.model = object["model"]?.string() }
    if reading.provider == nil { reading.provider = object["provider"]?.string() }
  }

  /// Takes what OpenRouter says that the request cost. With a provider's key of the operator's own (`is_byok`), `cost`
  /// is OpenRouter's fee only, often nothing, and the provider's bill stands beside it; where that is not told, nobody
  /// has said what the request cost.
  mutating func readCost(_ usage: JSONValue) {
    guard usage["is_byok"]?.isTrue == true else {
      reading.cost = usage["cost"]?.price ?? reading.cost
      return
    }
    let bill = usage["cost_details"]?["upstream_inference_cost"]?.price
    reading.cost = bill.map { $0 + (usage["cost"]?.price ?? 0) }
  }

  /// More of an error's message is not looked at.
  private static let maximumMessageBytes = 16384

  /// Takes an error object's `code`, a word or a number, or else its `type`. A first error stays. The message, and the
  /// provider's own error that OpenRouter encloses, are only looked at.
  mutating func readError(_ error: JSONValue) {
    guard reading.error == nil else { return }
    let code = error["code"].flatMap(Self.code) ?? error["type"]?.string()
    let messages = [error, error["message"], error["metadata"]?["raw"]].compactMap {
      $0?.string(maximumBytes: Self.maximumMessageBytes)
    }
    let words = [code, error["type"]?.string()]
    let isContextLength =
      words.contains { ContextLength.isMeant(code: $0, message: "") }
      || messages.contains { ContextLength.isMeant(code: nil, message: $0) }
    reading.error = ReplyError(code: code, isMidStream: isStream, isContextLength: isContextLength)
  }

  private static func code(_ value: JSONValue) -> String? {
    if let word = value.string() { return word }
    guard let number = value.number, number.magnitude < 1e9 else { return nil }
    return String(Int(number))
  }

  mutating func countContent() {
    reading.sawContent = true
    reading.contentEvents += 1
  }
}
