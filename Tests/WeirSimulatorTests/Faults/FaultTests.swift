import Testing

@testable import WeirSimulator

@Suite("Fault specifications")
struct FaultTests {
  @Test("several faults are read into one set, later ones win")
  func several() throws {
    let faults = try Fault.parseForOneRequest(
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
    #expect(try Fault.parseForOneRequest("\(name.rawValue)=\(value)") != Faults())
  }

  @Test("a flag of 0 is off")
  func flagOff() throws { #expect(try Fault.parseForOneRequest("reset=0") == Faults()) }

  @Test("early=1 answers 200, another number is the status")
  func early() throws {
    #expect(try Fault.parseForOneRequest("early=1").early == 200)
    #expect(try Fault.parseForOneRequest("early=413").early == 413)
    #expect(try Fault.parseForOneRequest("early=0").early == nil)
  }

  @Test(
    "what cannot be read is an error that names the part",
    arguments: [
      "statu=429", "status=99", "status=1000", "status", "status=4x", "delay=-1", "stall=", "reset=2",
      "header=novalue", "header=a b:c", "header=a:b\u{01}", "retry-after=", "huge=999999999999",
      "delay=99999999999999999999", "=", "delay=5@20%", "delay=5#3",
    ])
  func malformed(text: String) {
    #expect {
      try Fault.parseForOneRequest("close=1;" + text)
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
    #expect(faults.map(\.probability) == [0.2, 1, 0.005, 0.005])
    #expect(faults.map(\.firstRequests) == [nil, 3, 4, 4])
    #expect(faults.map(\.setting) == [.number(500), .number(1), .number(2), .number(2)])
  }

  @Test("a share out of range is an error", arguments: ["gap=1@101%", "gap=1@x%", "gap=1#-1"])
  func badShare(text: String) {
    #expect(throws: FaultSpecError.self) { try Fault.parse(text, allowingShares: true) }
  }
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
      #expect(drawn.map(\.status) == [500, 500, nil, nil])
      #expect(drawn.map(\.delay) == [1, 1, 1, 1])
    }
  }

  @Test("a share acts on about that share of requests, the same ones every time, and on its own")
  func share() throws {
    let faults = try Fault.parse("status=500@20%;delay=1@20%;gap=1@0%;close=1@100%", allowingShares: true)
    let drawn = (0..<10_000).map { FaultSchedule.faults(of: $0, from: faults) }
    let failed = drawn.count { $0.status != nil }
    let both = drawn.count { $0.status != nil && $0.delay > 0 }
    #expect((1900...2100).contains(failed))
    #expect((330...470).contains(both))
    #expect(drawn.allSatisfy { $0.gap == nil && $0.close })
    #expect(drawn == (0..<10_000).map { FaultSchedule.faults(of: $0, from: faults) })
  }
}
