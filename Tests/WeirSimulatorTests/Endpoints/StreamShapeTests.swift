import NIOCore
import Testing

@testable import WeirSimulator

@Suite("Shapes of streams and replies")
struct StreamShapeTests {
  private let router = Router(world: World(key: nil))

  private func reply(_ path: String, _ json: JSON, faults: String = "") throws -> Reply {
    var request = Request(
      method: "POST", target: "/v1" + path, headers: [HeaderField("Authorization", "Bearer k")], now: 1000)
    request.append(ByteBuffer(bytes: json.encoded()))
    request.faults = Faults(of: try Fault.parse(faults, allowingShares: false), model: nil)
    return router.reply(to: request)
  }

  private func json(_ reply: Reply) throws -> JSON {
    guard case .bytes(let bytes) = reply.body else { return nil }
    return try JSON(parsing: bytes)
  }

  /// Names and data of all events; data that is no JSON is a string.
  private func events(_ path: String, _ json: JSON, faults: String = "") throws -> [(
    name: String?, data: JSON
  )] {
    var json = json
    json.append("model", "moonshotai/kimi-k2")
    json.append("stream", true)
    guard case .events(let sequence) = try reply(path, json, faults: faults).body else { return [] }
    return (0..<sequence.count).map { index in
      let event = sequence.event(at: index)
      return (
        event.name, (try? JSON(parsing: event.data)) ?? .string(String(decoding: event.data, as: UTF8.self))
      )
    }
  }

  private let chat: JSON = ["messages": [["role": "user", "content": "hi"]]]

  @Test("chat: tokens, the finish, usage, [DONE]")
  func chatStream() throws {
    let data = try events("/chat/completions", chat).map(\.data)
    let deltas = data.compactMap { $0["choices"]?.array?.first?["delta"]?["content"]?.string }
    #expect(deltas == ["You ", "said: ", "hi", "", ""])
    #expect(data[3]["choices"]?.array?.first?["finish_reason"] == "stop")
    #expect(data[4]["usage"]?["completion_tokens"] == 3)
    #expect(data.last == "[DONE]")
    #expect(
      data.dropLast().allSatisfy { $0["object"] == "chat.completion.chunk" && $0["id"] == data[0]["id"] })
  }

  @Test("chat: choices of a stream take turns")
  func chatChoices() throws {
    var request = chat
    request.append("n", 2)
    let indices = try events("/chat/completions", request).prefix(6).map {
      $0.data["choices"]?.array?.first?["index"]?.int
    }
    #expect(indices == [0, 1, 0, 1, 0, 1])
  }

  @Test("chat: a tool call is its id and name, then its arguments seven characters at a time")
  func chatTool() throws {
    let request: JSON = [
      "messages": [["role": "user", "content": "call f"]],
      "tools": [["function": ["name": "f", "parameters": ["required": ["city"]]]]],
    ]
    let calls = try events("/chat/completions", request).compactMap {
      $0.data["choices"]?.array?.first?["delta"]?["tool_calls"]?.array?.first
    }
    #expect(calls.first?["id"] == "functions.f:0")
    #expect(calls.first?["function"] == ["name": "f", "arguments": ""])
    let pieces = calls.dropFirst().compactMap { $0["function"]?["arguments"]?.string }
    #expect(pieces == ["{\"city\"", ":\"x\"}"])
    #expect(calls.dropFirst().allSatisfy { $0["id"] == nil && $0["index"] == 0 })
  }

  @Test("responses: named events numbered without a gap, usage in the last")
  func responses() throws {
    let events = try events("/responses", ["input": "hi", "max_output_tokens": 2])
    #expect(
      events.map(\.name) == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
        "response.output_text.done", "response.content_part.done", "response.output_item.done",
        "response.incomplete",
      ])
    #expect(events.map { $0.data["sequence_number"]?.int } == Array(0..<10).map { Optional($0) })
    #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
    #expect(events.last?.data["response"]?["usage"]?["output_tokens"] == 2)
  }

  @Test("messages: start with input usage, blocks, the delta with output usage, stop")
  func messages() throws {
    let request: JSON = [
      "messages": [["role": "user", "content": "call f"]], "tools": [["name": "f", "input_schema": [:]]],
    ]
    let events = try events("/messages", request)
    #expect(
      events.map(\.name) == [
        "message_start", "ping", "content_block_start", "content_block_delta", "content_block_stop",
        "message_delta", "message_stop",
      ])
    #expect(events[0].data["message"]?["usage"]?["input_tokens"] == 2)
    #expect(events[3].data["delta"] == ["type": "input_json_delta", "partial_json": "{}"])
    #expect(events[5].data["delta"]?["stop_reason"] == "tool_use")
    #expect(events[5].data["usage"]?["output_tokens"] == 2)
  }

  @Test("legacy completions: text chunks, usage with no choices, [DONE]")
  func legacy() throws {
    let data = try events("/completions", ["prompt": "hi"]).map(\.data)
    #expect(data.compactMap { $0["choices"]?.array?.first?["text"]?.string } == ["You ", "said: ", "hi", ""])
    #expect(data[4]["choices"] == [])
    #expect(data.last == "[DONE]")
  }

  @Test("no-usage and no-done leave out just that", arguments: ["/chat/completions", "/completions"])
  func leftOut(path: String) throws {
    let request: JSON = path == "/completions" ? ["prompt": "hi"] : chat
    let data = try events(path, request, faults: "no-usage;no-done").map(\.data)
    #expect(data.count == 4)
    #expect(data.allSatisfy { $0["usage"] == nil && $0 != "[DONE]" })
  }

  @Test("with usage-on-demand, a stream tells its usage only where it is asked to")
  func onDemand() throws {
    for (path, member) in [("/chat/completions", "messages"), ("/completions", "prompt")] {
      var request: JSON = path == "/completions" ? ["prompt": "hi"] : chat
      #expect(request[member] != nil)
      #expect(try events(path, request, faults: "usage-on-demand").allSatisfy { $0.data["usage"] == nil })
      request.append("stream_options", ["include_usage": true])
      let asked = try events(path, request, faults: "usage-on-demand").map(\.data).filter { $0["usage"] != nil }
      #expect(asked.map { $0["choices"] } == [[]])
    }
  }

  @Test("the plain twins of the stream faults")
  func plainFaults() throws {
    var request = chat
    request.append("model", "moonshotai/kimi-k2")
    let failed = try reply("/chat/completions", request, faults: "error-event=2")
    #expect(failed.status == 200)
    #expect(try json(failed)["error"]?["code"] == 502)
    let choice = try json(try reply("/chat/completions", request, faults: "error-choice=1"))
    #expect(choice["choices"]?.array?.first?["finish_reason"] == "error")
    #expect(choice["choices"]?.array?.first?["error"]?["code"] == 502)
  }

  @Test("an error has OpenRouter's shape, on /messages also Anthropic's type")
  func errors() throws {
    let limited = try reply("/chat/completions", chat, faults: "status=429;retry-after=2")
    #expect(limited.headers.contains(HeaderField("retry-after", "2")))
    #expect(try json(limited)["error"]?["code"] == 429)
    let messages = try json(try reply("/messages", chat, faults: "status=529"))
    #expect(messages["type"] == "error")
    #expect(messages["error"]?["type"] == "overloaded_error")
  }

  @Test("equal requests have different ids of 24 digits")
  func ids() throws {
    var request = chat
    request.append("model", "a/b")
    let ids = try (0..<2).map { _ in try json(try reply("/chat/completions", request))["id"]?.string ?? "" }
    #expect(ids[0] != ids[1])
    #expect(ids.allSatisfy { $0.hasPrefix("gen-") && $0.utf8.count == 28 })
  }

  @Test("vectors depend on the text alone, and longer ones begin as shorter ones do")
  func vectors() {
    let vector = Embeddings.vector(of: "one", dimensions: 8)
    #expect(vector == Embeddings.vector(of: "one", dimensions: 8))
    #expect(vector != Embeddings.vector(of: "two", dimensions: 8))
    #expect(Array(Embeddings.vector(of: "one", dimensions: 100).prefix(8)) == vector)
    #expect(Embeddings.vector(of: "one", dimensions: 3) == Array(vector.prefix(3)))
    #expect(vector.allSatisfy { (-1...1).contains($0) })
  }
}

@Suite("Keys and paths")
struct RouterTests {
  private func status(_ target: String, _ fields: [HeaderField], key: String? = nil, method: String = "GET")
    -> Int
  {
    let request = Request(method: method, target: target, headers: fields, now: 0)
    return Router(world: World(key: key)).reply(to: request).status
  }

  @Test("any bearer will do except an invalid one; with a key of its own only that")
  func keys() {
    #expect(status("/v1/key", []) == 401)
    #expect(status("/v1/key", [HeaderField("authorization", "Bearer ")]) == 401)
    #expect(status("/v1/key", [HeaderField("authorization", "Basic eDp5")]) == 401)
    #expect(status("/v1/key", [HeaderField("authorization", "bearer sk-1")]) == 200)
    #expect(status("/v1/key", [HeaderField("authorization", "Bearer sk-invalid-7")]) == 401)
    #expect(status("/v1/key", [HeaderField("authorization", "Bearer a")], key: "b") == 401)
    #expect(status("/v1/key", [HeaderField("authorization", "Bearer b")], key: "b") == 200)
  }

  @Test("x-api-key counts on /messages only")
  func anthropicKey() {
    #expect(status("/v1/messages", [HeaderField("x-api-key", "k")], method: "POST") == 400)
    #expect(status("/v1/key", [HeaderField("x-api-key", "k")]) == 401)
  }

  @Test(
    "the model lists, preflights and paths outside of the API need no key",
    arguments: [
      "/v1/models", "/api/v1/models?limit=2", "/api/v1/models/moonshotai/kimi-k2/endpoints", "/echo",
    ])
  func open(target: String) {
    #expect(status(target, []) == 200)
    #expect(status("/v1/files", [], method: "OPTIONS") == 200)
  }

  @Test("the endpoint is what follows either base, also of an absolute target")
  func endpoints() {
    func endpoint(_ target: String) -> String? {
      Request(method: "GET", target: target, headers: [], now: 0).endpoint
    }
    #expect(endpoint("/api/v1/chat/completions?x") == "/chat/completions")
    #expect(endpoint("/v1/models") == "/models")
    #expect(endpoint("http://openrouter.ai/api/v1/key") == "/key")
    #expect(endpoint("/v10/models") == nil)
    #expect(endpoint("*") == nil)
  }

  @Test("pages of models join up")
  func pages() throws {
    var ids: [String] = []
    var target: String? = "/v1/models?limit=5"
    while let next = target {
      let request = Request(method: "GET", target: next, headers: [], now: 0)
      guard case .bytes(let bytes) = Router(world: World(key: nil)).reply(to: request).body else { break }
      let page = try JSON(parsing: bytes)
      ids += (page["data"]?.array ?? []).compactMap { $0["id"]?.string }
      target = page["links"]?["next"]?.string
    }
    #expect(ids == Catalog.models.map(\.id))
  }
}
