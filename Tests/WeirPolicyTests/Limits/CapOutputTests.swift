import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The output bound that a budget needs")
struct CapOutputTests {
  /// The body as it goes out, and the record, after the step.
  private func capped(
    _ json: String, at path: String = "/v1/chat/completions", cap: Int? = 40, bound: Int? = nil
  ) throws -> (body: String, exchange: Exchange) {
    var exchange = Exchange.opened(path)
    exchange.outputCap = cap
    exchange.outputBound = bound
    let bytes = Array(json.utf8)
    CapOutput.cap(&exchange, envelope: try envelope(json)) { String(decoding: bytes[$0], as: UTF8.self) }
    return (exchange.splice.applied(to: json), exchange)
  }

  @Test(
    "is put in by the name that the API has for it, and told",
    arguments: [
      ("/v1/chat/completions", "max_tokens"), ("/v1/completions", "max_tokens"), ("/v1/messages", "max_tokens"),
      ("/v1/responses", "max_output_tokens"),
    ])
  func put(path: String, name: String) throws {
    let (body, exchange) = try capped(#"{"model":"m"}"#, at: path)
    #expect(body == "{\"model\":\"m\",\"\(name)\":40}" || body == "{\"\(name)\":40,\"model\":\"m\"}")
    #expect(exchange.edits == [name])
    #expect(exchange.warnings == ["\(name) was set to 40, since a budget applies and the request names no bound"])
    #expect(exchange.outputBound == 40)
  }

  @Test("is put in where no budget asks for it, for embeddings, and over one that is known: nowhere")
  func left() throws {
    let json = #"{"model":"m"}"#
    for result in [
      try capped(json, cap: nil), try capped(json, at: "/v1/embeddings"), try capped(json, bound: 7),
    ] {
      #expect(result.body == json)
      #expect(result.exchange.edits.isEmpty && result.exchange.warnings.isEmpty)
    }
  }

  @Test(
    "that the request names itself is the largest of its members",
    arguments: [
      (#"{"model":"m"}"#, nil), (#"{"max_tokens":7}"#, 7), (#"{"max_completion_tokens":8}"#, 8),
      (#"{"max_output_tokens":9}"#, nil), (#"{"max_tokens":9,"max_completion_tokens":3}"#, 9),
      (#"{"max_tokens":9,"max_completion_tokens":1e2}"#, nil), (#"{"max_tokens":-1}"#, nil),
      (#"{"max_tokens":null}"#, nil), (#"{"max_tokens":"7"}"#, nil), (#"{"max_tokens":99999999999999999999}"#, nil),
    ] as [(String, Int?)])
  func asked(json: String, bound: Int?) throws {
    let bytes = Array(json.utf8)
    #expect(CapOutput.asked(try envelope(json), endpoint: .chatCompletions) { String(decoding: bytes[$0], as: UTF8.self) } == bound)
  }
}
