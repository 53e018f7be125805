import Testing

@testable import WeirProxy

@Suite("What the audit log tells once")
struct AuditRepeatsTests {
  private func key(_ client: String, code: String = "unauthorized") -> AuditRepeats.Key {
    AuditRepeats.Key(client: client, peer: "127.0.0.1", code: code, rule: nil)
  }

  @Test("has lines for the first equal refusals of a minute and a sum for the others")
  func refusals() {
    let repeats = AuditRepeats()
    let lines = (0..<100).map { _ in repeats.note(key("app"), wall: 60).hasLine }
    #expect(lines.filter { $0 }.count == AuditRepeats.linesEach)
    #expect(repeats.note(key("app", code: "budget_exceeded"), wall: 61).hasLine)
    #expect(repeats.note(key("other"), wall: 62).hasLine)
    let summary = repeats.closed(wall: 120).map { String(decoding: $0.members, as: UTF8.self) }
    #expect(summary.count == 1)
    #expect(summary.first?.contains(#""event":"repeated","client":"app""#) == true)
    #expect(summary.first?.hasSuffix(#""count":80"#) == true)
    #expect(repeats.closed(wall: 121).isEmpty)
    #expect(repeats.note(key("app"), wall: 122).hasLine)
  }

  @Test("does not remember more kinds of refusals than it may")
  func bound() {
    let repeats = AuditRepeats()
    for index in 0..<6_000 { _ = repeats.note(key("c\(index)"), wall: 60) }
    #expect(!repeats.note(key("late"), wall: 60).hasLine)
    let summary = repeats.closed(wall: 120).map { String(decoding: $0.members, as: UTF8.self) }
    #expect(summary.count == 1)
    #expect(summary.first?.hasSuffix(#""count":1001"#) == true)
  }

  @Test("tells of a key's use from each address once, and once a day")
  func keys() {
    let uses = KeyUses()
    let day: Int64 = 86_400
    #expect(uses.note(client: "app", peer: "a", wall: 10) == .newAddress)
    #expect(uses.note(client: "app", peer: "a", wall: 20) == nil)
    #expect(uses.note(client: "app", peer: "b", wall: 30) == .newAddress)
    #expect(uses.note(client: "batch", peer: "a", wall: 40) == .newAddress)
    #expect(uses.note(client: "app", peer: "a", wall: day + 1) == .firstOfDay)
    #expect(uses.note(client: "app", peer: "b", wall: day + 2) == nil)
  }
}
