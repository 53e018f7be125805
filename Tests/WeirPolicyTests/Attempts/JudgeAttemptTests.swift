import Testing

@testable import WeirPolicy

@Suite("After an attempt, the client")
struct JudgeAttemptTests {
  @Test(
    "gets an error of weir's own that names the reason and a remedy when no whole reply came",
    arguments: [
      (UpstreamFault.unreachable, ErrorCode.upstreamUnreachable, 502),
      (.closedBeforeReply, .upstreamUnreachable, 502),
      (.timeout, .upstreamTimeout, 504),
      (.protocolError, .upstreamProtocolError, 502),
      (.brokenReply, .upstreamStreamBroken, 502),
      (.local, .overloaded, 503),
    ])
  func faults(fault: UpstreamFault, code: ErrorCode, status: Int) {
    let refusal = JudgeAttempt.refusal(fault, "the reason")
    #expect(refusal.code == code)
    #expect(refusal.status == status)
    #expect(refusal.what.hasSuffix(": the reason"))
    #expect(refusal.logged == refusal.what)
    #expect(refusal.remedy.hasSuffix("."))
    #expect(refusal.param == nil)
  }

  @Test("is told when to come back only where weir itself was short of means")
  func retryAfter() {
    #expect(JudgeAttempt.refusal(.local, "r").retryAfterSeconds == 1)
    for fault in [UpstreamFault.unreachable, .closedBeforeReply, .timeout, .protocolError, .brokenReply] {
      #expect(JudgeAttempt.refusal(fault, "r").retryAfterSeconds == nil)
    }
  }

  @Test("is told that a reply it had begun to read is not whole")
  func broken() {
    #expect(JudgeAttempt.broken("cut") == JudgeAttempt.refusal(.brokenReply, "cut"))
    #expect(JudgeAttempt.broken("cut").code == .upstreamStreamBroken)
  }
}

@Suite("An error of weir's own")
struct RefusalTests {
  @Test("has the status of its code, unless a rule of HTTP asks for another")
  func status() {
    for code in ErrorCode.allCases {
      #expect((400...599).contains(code.status), "\(code)")
      #expect(Refusal(code, "x", remedy: "y").status == code.status)
      #expect(Refusal(code, "x", remedy: "y", status: 418).status == 418)
    }
  }

  @Test("has a code that is one word in lower case, none twice")
  func codes() {
    for code in ErrorCode.allCases {
      #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "\(code.rawValue)")
    }
    #expect(Set(ErrorCode.allCases.map(\.rawValue)).count == ErrorCode.allCases.count)
  }

  @Test("says what happened, to which request, and what to do")
  func message() {
    let refusal = Refusal(.overloaded, "there is no room", remedy: "Try again.")
    #expect(refusal.message(requestID: "req_1") == "weir: there is no room (request req_1). Try again.")
  }

  @Test("may say less to the log than to the client")
  func logged() {
    #expect(Refusal(.duplicateKey, "the key \"x\" comes twice", remedy: "r").logged == "the key \"x\" comes twice")
    #expect(Refusal(.duplicateKey, "the key \"x\"", remedy: "r", logged: "a key").logged == "a key")
  }
}
