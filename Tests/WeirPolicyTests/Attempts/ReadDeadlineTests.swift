import Testing

@testable import WeirPolicy

@Suite("How long the client wants to wait")
struct ReadDeadlineTests {
  private func deadline(_ text: String?, now: Int64 = 0) throws(Refusal) -> Int64? {
    var head = RequestHead(method: "POST", target: "/v1/chat/completions")
    head.weirTimeout = text
    return try ReadDeadline.read(head, now: now)
  }

  @Test("is left to the upstream's time-outs where the request says nothing")
  func silent() throws {
    #expect(try deadline(nil, now: 5) == nil)
  }

  @Test(
    "is read in seconds, with decimals, from the request's arrival on",
    arguments: [
      ("30", 30_000_000_000), ("2.5", 2_500_000_000), (".5", 500_000_000), ("1.", 1_000_000_000), ("0.001", 1_000_000),
      ("007", 7_000_000_000),
    ] as [(String, Int64)])
  func seconds(text: String, nanoseconds: Int64) throws {
    #expect(try deadline(text) == nanoseconds)
    #expect(try deadline(text, now: 1_000) == nanoseconds + 1_000)
  }

  @Test(
    "is a day at most, however much is asked for", arguments: ["86400", "86401", "99999999999999999999999999999999"])
  func longest(text: String) throws {
    #expect(try deadline(text) == 86_400_000_000_000)
  }

  @Test(
    "is refused where it is no number of seconds above zero",
    arguments: [
      "", "0", "0.0", "-1", "+1", "1e3", "inf", "nan", "0x10", " 1", "1 ", "1,5", "1.2.3", ".", "٣",
      "999999999999999999999999999999999",
    ])
  func refused(text: String) {
    let refused = refusal { () throws(Refusal) in _ = try deadline(text) }
    #expect(refused?.code == .invalidRequest)
    #expect(refused?.status == 400)
    #expect(refused?.param == "x-weir-timeout")
    #expect(refused?.what.contains("999") == false, "the header's text is not echoed")
  }
}
