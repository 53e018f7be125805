import Testing

@testable import WeirSimulator

@Suite("Fault specifications")
struct FaultTests {
  private func faults(_ text: String, model: String? = nil) throws -> Faults {
    Faults(of: try Fault.parse(text, allowingShares: false), model: model)
  }

  @Test("several faults are read into one set, later ones win")
  func several() throws {
    let faults = try self.faults(
      " status=429; retry-after=Wed, 21 Oct 2026 07:28:00 GMT;delay=500;;cut=9;cut-rst=7;gap=0;header=X-A: b:c ;no-done"
    )
    var expected = Faults()
    expected.status = 429
    expected.retryAfter = "Wed, 21 Oct 2026 07:28:00 GMT"
    expected.delay = 500
    expected.cut = 7
    expected.cutIsReset = true
    expected.gap = 0
    expected.headers = [HeaderField("X-A", "b:c")]
    expected.noDone = true
    #expect(faults == expected)
  }

  @Test("every known fault changes the set", arguments: FaultName.allCases)
  func everyName(name: FaultName) throws {
    let value =
      switch name.value {
      case .flag: "1"
      case .number(let range): String(range.contains(7) ? 7 : range.lowerBound)
      case .text: "x"
      case .field: "x:y"
      }
    #expect(try faults("\(name.rawValue)=\(value)") != Faults())
  }

  @Test("a flag of 0 is off")
  func flagOff() throws { #expect(try faults("reset=0") == Faults()) }

  @Test("early=1 answers 200, another number is the status")
  func early() throws {
    #expect(try faults("early=1").early == 200)
    #expect(try faults("early=413").early == 413)
    #expect(try faults("early=0").early == nil)
  }

  @Test(
    "what cannot be read is an error that names the part",
    arguments: [
      "statu=429", "status=99", "status=1000", "status", "status=4x", "delay=-1", "stall=", "reset=2",
      "header=novalue", "header=a b:c", "header=a:b\u{01}", "retry-after=", "huge=999999999999",
      "delay=99999999999999999999", "=", "delay=5@20%", "delay=5#3", "status=500[]", "status=500[ ]",
      "status=500[a][b]", "status=500[a", "status=500[a]#3", "early=413[a]", "context", "context=-1",
    ])
  func malformed(text: String) {
    #expect {
      try self.faults("close=1;" + text)
    } throws: {
      ($0 as? FaultSpecError)?.part == text && !"\($0)".isEmpty
    }
  }

  @Test("an unknown name lists the known ones")
  func unknown() {
    #expect { try Fault.parse("bogus=1", allowingShares: true) } throws: { "\($0)".contains("error-event") }
  }

  @Test("shares stand at the end, in either order, for process-wide faults")
  func shares() throws {
    let faults = try Fault.parse("status=500@20%;delay=1#3;gap=2@0.5%#4;gap=2#4@0.5%", allowingShares: true)
    #expect(faults.map(\.scope.probability) == [0.2, 1, 0.005, 0.005])
    #expect(faults.map(\.scope.firstRequests) == [nil, 3, 4, 4])
    #expect(faults.map(\.setting) == [.number(500), .number(1), .number(2), .number(2)])
  }

  @Test("a share out of range is an error", arguments: ["gap=1@101%", "gap=1@x%", "gap=1#-1"])
  func badShare(text: String) {
    #expect(throws: FaultSpecError.self) { try Fault.parse(text, allowingShares: true) }
  }

  @Test("a pattern picks the models a fault is for, and wins over a fault without one")
  func patterns() throws {
    let text = "status=503[moonshotai/*];status=500;delay=5[openai/gpt-4o];gap=3[*:free]"
    #expect(try faults(text) == faults("status=500"))
    #expect(try faults(text, model: "moonshotai/kimi-k2") == faults("status=503"))
    #expect(try faults(text, model: "openai/gpt-4o") == faults("status=500;delay=5"))
    #expect(try faults(text, model: "moonshotai/kimi-k2:free") == faults("status=503;gap=3"))
    #expect(try faults("header=x-a:b[c] [m]", model: "m").headers == [HeaderField("x-a", "b[c]")])
  }

  @Test("qualifiers of process-wide faults stand in any order")
  func qualifiers() throws {
    let texts = ["status=503[a/*]@20%#3", "status=503#3[a/*]@20%", "status=503@20%#3[ a/* ]"]
    let faults = try texts.map { try Fault.parse($0, allowingShares: true) }
    #expect(faults.allSatisfy { $0 == faults[0] })
    #expect(faults[0].first?.scope == FaultScope(models: FaultPattern(text: "a/*"), probability: 0.2, firstRequests: 3))
  }
}

@Suite("Patterns of models")
struct FaultPatternTests {
  @Test(
    "a star stands for any text, also for none",
    arguments: [
      ("a", "a"), ("*", ""), ("*", "a/b"), ("a*", "a"), ("a*", "ab"), ("*b", "ab"), ("a*c", "abc"),
      ("a*b*c", "a/b/b/c"), ("a**b", "ab"), ("*/kimi-*:free", "moonshotai/kimi-k2:free"),
    ])
  func fits(pattern: String, model: String) { #expect(FaultPattern(text: pattern).matches(model)) }

  @Test(
    "everything else must be there, once for each time it is written",
    arguments: [
      ("a", "ab"), ("a", ""), ("a*", "ba"), ("*b", "ba"), ("ab*ba", "aba"), ("a*b*c", "ac"), ("*bc*bc*", "abcd"),
      ("A*", "a"),
    ])
  func misses(pattern: String, model: String) { #expect(!FaultPattern(text: pattern).matches(model)) }
}

@Suite("Fault schedule")
struct FaultScheduleTests {
  @Test("#N acts on the first N requests only, and setting faults starts anew")
  func first() throws {
    let schedule = FaultSchedule()
    let faults = try Fault.parse("status=500#2;delay=1", allowingShares: true)
    for _ in 0..<2 {
      schedule.set(faults)
      let drawn = (0..<4).map { _ in schedule.draw() }
      #expect(drawn.map(\.faults.status) == [500, 500, nil, nil])
      #expect(drawn.map(\.faults.delay) == [1, 1, 1, 1])
    }
  }

  @Test("a share acts on about that share of requests, the same ones every time, and on its own")
  func share() throws {
    let faults = try Fault.parse("status=500@20%;delay=1@20%;gap=1@0%;close=1@100%", allowingShares: true)
    let drawn = draws(faults)
    let failed = drawn.count { $0.status != nil }
    let both = drawn.count { $0.status != nil && $0.delay > 0 }
    #expect((1900...2100).contains(failed))
    #expect((330...470).contains(both))
    #expect(drawn.allSatisfy { $0.gap == nil && $0.close })
    #expect(drawn == draws(faults))
  }

  private func draws(_ faults: [Fault]) -> [Faults] {
    let schedule = FaultSchedule()
    schedule.set(faults)
    return (0..<10_000).map { _ in schedule.draw().faults }
  }

  @Test("#N beside a pattern counts the requests that fit it, and no others")
  func firstOfModel() throws {
    let schedule = FaultSchedule()
    schedule.set(try Fault.parse("status=503#2[kimi*];delay=1", allowingShares: true))
    #expect(schedule.dependsOnModel)
    let models = ["gpt", "kimi-a", "gpt", "kimi-b", "kimi-a"]
    let faults = models.map { schedule.faults(of: schedule.draw(), model: $0) }
    #expect(faults.map(\.status) == [nil, 503, nil, 503, nil])
    #expect(faults.map(\.delay) == [1, 1, 1, 1, 1])
  }

  @Test("a request that was drawn for before the faults changed keeps what was drawn")
  func changedBetween() throws {
    let schedule = FaultSchedule()
    schedule.set(try Fault.parse("delay=7", allowingShares: true))
    let drawn = schedule.draw()
    schedule.set(try Fault.parse("status=503#1[*]", allowingShares: true))
    #expect(schedule.faults(of: drawn, model: "m") == drawn.faults)
    #expect(schedule.faults(of: schedule.draw(), model: "m").status == 503)
  }
}
