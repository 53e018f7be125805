import Testing
import WeirWire

@testable import WeirPolicy

@Suite("An attempt's failure")
struct AttemptFailureTests {
  private func failure(_ status: Int, code: String? = nil, isContextLength: Bool = false) -> AttemptFailure? {
    let error = ReplyError(code: code, isMidStream: false, isContextLength: isContextLength)
    let hasError = status < 400 || code != nil || isContextLength
    return AttemptFailure.of(AttemptReport(status: status, error: hasError ? error : nil))
  }

  @Test(
    "is none where only the client can mend the request, nor for a success",
    arguments: [200, 201, 204, 301, 400, 401, 402, 403, 404, 405, 409, 413, 415, 418, 422, 451, 600, 999])
  func answers(status: Int) {
    let report = AttemptReport(status: status)
    #expect(AttemptFailure.of(report) == nil)
    #expect(report.circuitOutcome(ResiliencePolicy.Circuit()) == .success)
  }

  @Test(
    "is retried, falls back and counts by its status",
    arguments: [
      (408, true, false, true), (425, true, false, false), (429, true, false, false), (500, true, false, true),
      (502, true, false, true), (503, true, true, true), (504, true, false, true), (529, true, true, true),
      (501, false, false, true), (505, false, false, true), (520, false, false, true), (599, false, false, true),
    ])
  func statuses(status: Int, isRetryable: Bool, atOnce: Bool, counts: Bool) throws {
    let failure = try #require(self.failure(status))
    #expect(failure == .status(status))
    #expect(failure.label == "status_\(status)")
    #expect(failure.isRetryable == isRetryable)
    #expect(failure.allowsFallback)
    #expect(failure.fallsBackAtOnce == atOnce)
    #expect((failure.circuitOutcome == .failure) == counts)
    #expect(failure.pauses == (status == 429))
  }

  @Test(
    "is told by what broke where no reply came",
    arguments: [
      (UpstreamFault.unreachable, AttemptFailure.connect, "connect"), (.closedBeforeReply, .reset, "reset"),
      (.timeout, .timeout, "timeout"), (.protocolError, .protocolError, "protocol"),
      (.brokenReply, .streamBroken, "stream_broken"), (.local, .local, "local"),
    ])
  func faults(fault: UpstreamFault, expected: AttemptFailure, label: String) {
    for status in [nil, 200, 404] {
      #expect(AttemptFailure.of(AttemptReport(status: status, fault: fault)) == expected)
    }
    #expect(AttemptFailure.of(AttemptReport(status: 503, fault: fault)) == .status(503))
    #expect(expected.label == label)
    #expect((expected.circuitOutcome == .failure) == (fault != .local))
    #expect(expected.allowsFallback == (fault != .local))
    #expect(expected.isRetryable == (fault != .local && fault != .timeout))
    #expect(expected.fallsBackAtOnce == (fault == .timeout))
  }

  @Test(
    "in a reply that says success is what its code means",
    arguments: [
      ("429", 429), ("503", 503), ("502", 502), ("408", 408), ("529", 529), ("rate_limit_exceeded", 429),
      ("Rate_Limit_Error", 429), ("overloaded_error", 529), ("server_error", 500), ("timeout_error", 504),
    ])
  func errorInReply(code: String, status: Int) throws {
    let inReply = try #require(failure(200, code: code))
    let plain = try #require(failure(status))
    #expect(inReply == .errorInReply(status))
    #expect(inReply.label == "error_in_reply")
    #expect(inReply.isRetryable == plain.isRetryable)
    #expect(inReply.fallsBackAtOnce == plain.fallsBackAtOnce)
    #expect(inReply.circuitOutcome == plain.circuitOutcome)
    #expect(inReply.pauses == plain.pauses)
  }

  @Test("in a reply that says success is a failure of the upstream's where its code says nothing")
  func unknownCode() {
    for code in [nil, "1", "12345678901234567890", "no_such_code", ""] {
      #expect(failure(200, code: code) == .errorInReply(nil))
    }
    #expect(AttemptFailure.errorInReply(nil).isRetryable)
    #expect(AttemptFailure.errorInReply(nil).circuitOutcome == .failure)
  }

  @Test(
    "in a reply that says success is none where its code names the client's mistake",
    arguments: ["400", "401", "402", "403", "404", "413", "422", "invalid_request_error", "insufficient_quota"])
  func clientsMistake(code: String) {
    #expect(failure(200, code: code) == nil)
  }

  @Test("is not an empty account, though that comes with 429")
  func emptyAccount() {
    #expect(failure(429, code: "insufficient_quota") == nil)
    #expect(failure(429, code: "exceeded_current_quota_error") == nil)
    #expect(failure(429, code: "rate_limit_exceeded") == .status(429))
  }

  @Test("is a request too long for the model, whatever the status that says so, but 429 and those of access")
  func contextLength() {
    for status in [200, 400, 413, 422, 500, 502] {
      #expect(failure(status, isContextLength: true) == .contextLength)
    }
    for status in [401, 403, 404] { #expect(failure(status, isContextLength: true) == nil) }
    #expect(failure(429, isContextLength: true) == .status(429))
    let length = AttemptFailure.contextLength
    #expect(!length.isRetryable && length.fallsBackAtOnce && length.circuitOutcome != .failure)
    #expect(length.circuitOutcome == .success)
  }

  @Test("that was no attempt at all sends the request elsewhere and says nothing of the upstream")
  func notSent() {
    for failure in [AttemptFailure.circuitOpen, .paused] {
      #expect(failure.fallsBackAtOnce && failure.allowsFallback && !failure.isRetryable)
      #expect(failure.circuitOutcome == .unknown)
    }
    #expect(AttemptFailure.circuitOpen.label == "circuit_open")
    #expect(AttemptFailure.paused.label == "paused")
  }

  @Test("is a slow head where the policy says so, and only of what else succeeded")
  func slow() {
    var policy = ResiliencePolicy.Circuit()
    var report = AttemptReport(status: 200, toHead: 11)
    #expect(report.circuitOutcome(policy) == .success)
    policy.slowCall = 10
    #expect(report.circuitOutcome(policy) == .slow)
    report.toHead = 10
    #expect(report.circuitOutcome(policy) == .success)
    #expect(AttemptReport(status: 503, toHead: 11).circuitOutcome(policy) == .failure)
    #expect(AttemptReport(status: 429, toHead: 11).circuitOutcome(policy) == .unknown)
  }

  @Test("that comes of the client's own short time says nothing of the upstream")
  func clientDeadline() {
    let policy = ResiliencePolicy.Circuit()
    #expect(AttemptReport(fault: .timeout, isClientDeadline: true).circuitOutcome(policy) == .unknown)
    #expect(AttemptReport(fault: .timeout).circuitOutcome(policy) == .failure)
    #expect(AttemptReport(fault: .unreachable, isClientDeadline: true).circuitOutcome(policy) == .failure)
  }

  @Test("pauses its upstream's model only with 429 and a wait, and for an hour at most")
  func pause() {
    #expect(AttemptReport(status: 429, retryAfter: 5).pause == 5)
    #expect(AttemptReport(status: 429, retryAfter: .max).pause == RetryDelay.longest)
    #expect(AttemptReport(status: 429, retryAfter: 0).pause == nil)
    #expect(AttemptReport(status: 429).pause == nil)
    #expect(AttemptReport(status: 429, retryAfter: 5, mustNotRetry: true).pause == nil)
    #expect(AttemptReport(status: 503, retryAfter: 5).pause == nil)
    #expect(AttemptReport(status: 200, retryAfter: 5).pause == nil)
  }
}
