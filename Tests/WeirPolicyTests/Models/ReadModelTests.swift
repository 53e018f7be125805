import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The model that a request asks for")
struct ReadModelTests {
  private static let apis: [Endpoint] = [.chatCompletions, .completions, .responses, .messages, .embeddings]

  private func refused(_ json: String, _ endpoint: Endpoint) throws -> Refusal? {
    let envelope = try envelope(json)
    return refusal { () throws(Refusal) in _ = try ReadModel.read(envelope, endpoint: endpoint) }
  }

  @Test("is the member `model`, as the client spelled it", arguments: apis)
  func named(endpoint: Endpoint) throws {
    #expect(try ReadModel.read(envelope(#"{"model":"Kimi-K2:Free"}"#), endpoint: endpoint) == "Kimi-K2:Free")
    #expect(try ReadModel.read(envelope(#"{"model":"a\/b"}"#), endpoint: endpoint) == "a/b")
  }

  @Test(
    "has no white space around it and no slash behind it, which some servers drop",
    arguments: [
      " m", "m ", "\\tm", "m\\n", "\\u0000m", "m\\u007f", "\u{A0}m", "m\u{FEFF}", "m\u{2003}", "\u{3000}m", "m/",
    ])
  func unsound(name: String) throws {
    for endpoint in Self.apis {
      #expect(try refused(#"{"model":"\#(name)"}"#, endpoint)?.param == "model")
      #expect(try refused(#"{"model":"m","models":["a/b","\#(name)"]}"#, endpoint)?.param == "models[1]")
    }
    #expect(try ReadModel.read(envelope(#"{"model":"ä m é"}"#), endpoint: .messages) == "ä m é")
  }

  @Test("must be a string that is not empty", arguments: [#""""#, "7", "null", "true", "{}", #"["kimi-k2"]"#])
  func notAString(value: String) throws {
    for endpoint in Self.apis {
      let refusal = try #require(try refused(#"{"model":\#(value),"models":["x"]}"#, endpoint))
      #expect(refusal.code == .invalidRequest)
      #expect(refusal.status == 400)
      #expect(refusal.param == "model")
      #expect(refusal.what == "`model` must be a string that is not empty")
    }
  }

  @Test("may be left to OpenRouter's list `models`", arguments: apis)
  func list(endpoint: Endpoint) throws {
    #expect(try ReadModel.read(envelope(#"{"models":["a/b","c/d"]}"#), endpoint: endpoint) == nil)
    #expect(try ReadModel.read(envelope(#"{"model":"m","models":["a/b"]}"#), endpoint: endpoint) == "m")
  }

  @Test("may be left to a stored prompt, in the Responses API only")
  func prompt() throws {
    let json = #"{"prompt":{"id":"pmpt_1"}}"#
    #expect(try ReadModel.read(envelope(json), endpoint: .responses) == nil)
    for endpoint in Self.apis where endpoint != .responses {
      #expect(try refused(json, endpoint)?.what == "`model` is missing", "\(endpoint)")
    }
  }

  @Test("is not read where the list `models` has more entries than anybody tries", arguments: apis)
  func manyModels(endpoint: Endpoint) throws {
    func list(_ count: Int) -> String {
      #"{"model":"m","models":["# + Array(repeating: #""a/b""#, count: count).joined(separator: ",") + "]}"
    }
    #expect(try ReadModel.read(envelope(list(64)), endpoint: endpoint) == "m")
    #expect(try refused(list(65), endpoint)?.param == "models")
  }

  @Test("is missing otherwise", arguments: ["{}", #"{"models":[]}"#, #"{"models":[7]}"#, #"{"Model":"m"}"#])
  func missing(json: String) throws {
    for endpoint in Self.apis {
      let refusal = try #require(try refused(json, endpoint))
      #expect(refusal.code == .invalidRequest)
      #expect(refusal.param == "model")
      #expect(refusal.what == "`model` is missing")
    }
  }
}
