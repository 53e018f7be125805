import Testing
import WeirWire

@testable import WeirConfiguration
@testable import WeirProxy

@Suite("The status document")
struct StatusDocumentTests {
  private func members(_ book: StatusBook, second: Int64 = 1_800_057_610) throws -> [String: JSONDocument] {
    let document = StatusDocument(
      version: "1", uptimeSeconds: 1.23456, upstream: "https://u/api", kimiModel: "k", inFlight: 1, connections: 2,
      bufferedBytes: 3, isDraining: false, needsToken: true, health: Array(#"{"status":"healthy"}"#.utf8),
      rollouts: Array("[]".utf8), seriesBound: 7, reading: book.reading(second: second))
    guard case .object(let members) = try JSONDocument.read(document.json) else {
      Issue.record("not an object")
      return [:]
    }
    return members
  }

  @Test("keeps the keys that it always had, and has those of the page")
  func keys() throws {
    let keys = try Set(members(StatusBook()).keys)
    #expect(
      keys.isSuperset(of: [
        "version", "uptime_seconds", "upstream", "kimi_model", "in_flight", "connections", "buffered_bytes", "draining",
      ]))
    #expect(
      keys.isSuperset(of: [
        "time", "needs_token", "health", "rollouts", "series_bound", "requests_per_second", "last_minute",
        "last_10_minutes", "today",
        "series", "models", "errors",
      ]))
  }

  @Test("is valid JSON whatever names and figures there are")
  func hostile() throws {
    var book = StatusBook()
    let name = String(repeating: "a\"\\\n\u{0}</script>", count: 100)
    book.record(
      .made(
        model: name, status: 500, error: "upstream_500", outcome: .failed, milliseconds: 9_000_000_000, tokens: .max,
        cost: .greatestFiniteMagnitude, baseline: 0, id: name), second: 1_800_057_605)
    guard case .array(let models)? = try members(book)["models"], case .object(let model)? = models.first,
      case .string(let shown)? = model["name"]
    else {
      Issue.record("no model")
      return
    }
    #expect(name.hasPrefix(shown))
    #expect(shown.count == 200)
  }

  @Test("has a number for what was measured and null for what was not")
  func nulls() throws {
    var book = StatusBook()
    book.record(.made(milliseconds: 30), second: 1_800_057_605)
    guard case .object(let minute)? = try members(book)["last_minute"] else {
      Issue.record("no minute")
      return
    }
    #expect(minute["requests"] == .number("1"))
    #expect(minute["p50_ms"] == .number("30.0"))
    #expect(minute["first_token_p50_ms"] == .null)
  }
}
