import Testing
import WeirConfiguration

@testable import WeirProxy

@Suite("An explanation")
struct ExplanationTests {
  private func explain(
    _ body: String, path: String = "/v1/chat/completions", headers: [(name: String, value: String)] = [],
    _ environment: [String: String] = [:]
  ) throws -> Explanation {
    Explanation.explain(try configuration(environment), path: path, headers: headers, body: Array(body.utf8))
  }

  /// What an explanation says of a step.
  private func said(_ explanation: Explanation, of step: String) -> String? {
    explanation.lines.first { $0.hasPrefix(step + ": ") }.map { String($0.dropFirst(step.count + 2)) }
  }

  @Test("tells what becomes of a request, step by step")
  func forwarded() throws {
    let explanation = try explain(#"{"model":"kimi-k2","user":"u"}"#)
    #expect(!explanation.isRefused)
    #expect(said(explanation, of: "endpoint") == "chat/completions")
    #expect(said(explanation, of: "client")?.hasPrefix("anonymous") == true)
    #expect(said(explanation, of: "user") == "given")
    #expect(said(explanation, of: "model asked") == "kimi-k2")
    #expect(said(explanation, of: "model sent")?.hasPrefix("moonshotai/kimi-k2") == true)
    #expect(said(explanation, of: "body edits") == "model")
    #expect(said(explanation, of: "upstream")?.hasPrefix("https://openrouter.ai/api/v1/chat/completions") == true)
    #expect(said(explanation, of: "decision") == "forward")
  }

  @Test("tells why a request is refused, with the status and the client's message")
  func refused() throws {
    let explanation = try explain("{}")
    #expect(explanation.isRefused)
    #expect(said(explanation, of: "decision") == "refuse with 400 invalid_request")
    #expect(said(explanation, of: "message")?.contains("`model` is missing") == true)
  }

  @Test(
    "tells what is wrong with a body",
    arguments: [
      ("{", "400 invalid_json"), (#"{"model":"a","model":"b"}"#, "400 duplicate_key"), ("[]", "400 invalid_request"),
      ("", "400 invalid_json"),
    ])
  func bodies(body: String, decision: String) throws {
    #expect(said(try explain(body), of: "decision") == "refuse with \(decision)")
  }

  @Test("tells who the client is by its key, and never the key")
  func client() throws {
    let environment = ["WEIR_CLIENT_KEYS": "alice:key-0123456789abcdef", "OPENROUTER_API_KEY": "sk-or-s3cr3t"]
    let known = try explain(
      #"{"model":"m"}"#, headers: [(name: "Authorization", value: "Bearer key-0123456789abcdef")], environment)
    #expect(said(known, of: "client")?.hasPrefix("alice") == true)
    let unknown = try explain(#"{"model":"m"}"#, headers: [(name: "x-api-key", value: "wrong-s3cr3t")], environment)
    #expect(said(unknown, of: "decision") == "refuse with 401 unauthorized")
    for line in known.lines + unknown.lines {
      #expect(!line.contains("s3cr3t"))
      #expect(!line.contains("key-0123456789abcdef"))
    }
  }

  @Test("tells where a setting's value came from")
  func origins() throws {
    let explanation = try explain(#"{"model":"kimi-k2"}"#, ["KIMI_MODEL_ID": "moonshotai/kimi-k2-0905"])
    let sent = try #require(said(explanation, of: "model sent"))
    #expect(sent.hasPrefix("moonshotai/kimi-k2-0905"))
    #expect(sent.contains("KIMI_MODEL_ID from environment"))
  }

  @Test("of a refused request tells nothing of the steps that were not taken")
  func untaken() throws {
    let explanation = try explain(#"{"model":"m"}"#, headers: [(name: "x-weir-timeout", value: "0")])
    #expect(explanation.isRefused && said(explanation, of: "cache") == nil)
    #expect(said(try explain(#"{"model":"m"}"#), of: "cache") != nil)
  }

  @Test("of a place that nobody serves, or of a body that nobody reads, needs no JSON")
  func unread() throws {
    #expect(said(try explain("not json", path: "/nowhere"), of: "decision") == "refuse with 404 invalid_request")
    let passed = try explain("not json", path: "/v1/files")
    #expect(said(passed, of: "decision") == "forward")
    #expect(said(passed, of: "endpoint") == "other")
  }
}
