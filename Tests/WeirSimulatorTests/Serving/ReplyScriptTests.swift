import Testing

@testable import WeirSimulator

@Suite("The script of a reply")
struct ReplyScriptTests {
  /// A stream of `count` events `{"i":0}`, `{"i":1}`…
  struct Counting: EventSequence {
    var count: Int
    var contentStart: Int { 0 }
    func event(at index: Int) -> ServerEvent { ServerEvent(["i": JSON(index)]) }
    func failure(at index: Int) -> ServerEvent { ServerEvent(["error": JSON(index)]) }
    func content(_ text: String) -> ServerEvent { ServerEvent(["text": .string(text)]) }
  }

  private func stream(_ count: Int) -> Reply {
    var reply = Reply(contentType: "text/event-stream", bytes: [])
    reply.body = .events(Counting(count: count))
    return reply
  }

  private let plain = Reply(contentType: "text/plain", bytes: Array("0123456789".utf8))

  private func steps(
    _ reply: Reply, _ faults: String = "", form: ReplyScript.Form = ReplyScript.Form(), most: Int = 10_000
  ) throws -> [ReplyScript.Step] {
    let faults = Faults(of: try Fault.parse(faults, allowingShares: false), model: nil)
    var script = ReplyScript(reply, form: form, faults: faults)
    var steps: [ReplyScript.Step] = []
    while steps.count < most, let step = script.next() { steps.append(step) }
    return steps
  }

  private func bytes(_ steps: [ReplyScript.Step]) -> String {
    var all: [UInt8] = []
    for case .write(let bytes) in steps { all += bytes }
    return String(decoding: all, as: UTF8.self)
  }

  private let comment = "19\r\n: OPENROUTER PROCESSING\n\n\r\n"

  private func event(_ text: String) -> String {
    let line = "data: \(text)\n\n"
    return "\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n"
  }

  private func body(_ faults: String, count: Int = 3) throws -> (text: String, last: ReplyScript.Step?) {
    let steps = try steps(stream(count), faults)
    let text = bytes(steps)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    return (parts.count > 1 ? String(parts[1]) : "", steps.last)
  }

  @Test("a plain reply has its length and leaves the connection open")
  func plainReply() throws {
    let steps = try steps(plain)
    #expect(
      bytes(steps)
        == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\n0123456789")
    #expect(steps.last == .finish(keepsConnection: true))
  }

  @Test("a stream is a comment, then a chunk an event, each counted")
  func streamReply() throws {
    let (text, last) = try body("", count: 2)
    #expect(text == comment + event("{\"i\":0}") + event("{\"i\":1}") + "0\r\n\r\n")
    #expect(last == .finish(keepsConnection: true))
    #expect(try steps(stream(2)).count { $0 == .eventSent } == 2)
  }

  @Test("HEAD has the length and no body; HTTP/1.0 has no chunks and closes")
  func forms() throws {
    let head = try steps(plain, form: ReplyScript.Form(isHead: true))
    #expect(bytes(head).hasSuffix("content-length: 10\r\n\r\n"))
    let old = try steps(stream(1), form: ReplyScript.Form(knowsChunks: false, keepsConnection: false))
    #expect(bytes(old).hasSuffix("connection: close\r\n\r\n: OPENROUTER PROCESSING\n\ndata: {\"i\":0}\n\n"))
    #expect(old.last == .finish(keepsConnection: false))
  }

  @Test("204 has neither body nor length")
  func noContent() throws {
    var reply = plain
    reply.status = 204
    #expect(!bytes(try steps(reply)).contains("content-length"))
  }

  @Test("delay comes first, gaps between events only")
  func waits() throws {
    let steps = try steps(stream(3), "delay=500;gap=20")
    #expect(steps.first == .wait(500))
    #expect(
      steps.dropFirst().filter { if case .wait = $0 { true } else { false } } == [.wait(20), .wait(20)])
  }

  @Test("stall goes silent after N events, a plain reply after its head")
  func stall() throws {
    let (text, last) = try body("stall=2")
    #expect(text == comment + event("{\"i\":0}") + event("{\"i\":1}"))
    #expect(last == .silence)
    let plainSteps = try steps(plain, "stall=1")
    #expect(bytes(plainSteps).hasSuffix("\r\n\r\n"))
    #expect(plainSteps.last == .silence)
    #expect(try body("stall=3").last == .silence)
    #expect(try body("stall=4").last == .finish(keepsConnection: true))
  }

  @Test("cut ends after exactly N body bytes, and not at all when the body is shorter")
  func cut() throws {
    let four = try steps(plain, "cut=4")
    #expect(bytes(four).hasSuffix("\r\n\r\n0123"))
    #expect(four.last == .abort(isReset: false))
    #expect(try steps(plain, "cut-rst=10").last == .abort(isReset: true))
    #expect(try steps(plain, "cut=11").last == .finish(keepsConnection: true))
    #expect(try body("cut=0").text == "")
    #expect(try body("cut=25").text == comment)
    #expect(try body("cut=27").text == comment + "f\r\nda")
    #expect(try body("cut=27").last == .abort(isReset: false))
  }

  @Test("reset sends nothing, garbage is no HTTP")
  func noReply() throws {
    #expect(try steps(plain, "reset=1") == [.abort(isReset: true)])
    let garbage = try steps(plain, "garbage=1")
    #expect(!bytes(garbage).hasPrefix("HTTP"))
    #expect(garbage.last == .abort(isReset: false))
  }

  @Test("error-event ends the stream after N events without its end")
  func errorEvent() throws {
    #expect(
      try body("error-event=1").text == comment + event("{\"i\":0}") + event("{\"error\":1}") + "0\r\n\r\n")
    #expect(try body("error-event=0").text == comment + event("{\"error\":0}") + "0\r\n\r\n")
  }

  @Test("malformed, ping and big events come amid the others, which all follow")
  func inserted() throws {
    #expect(
      try body("malformed=1", count: 2).text
        == comment + event("{\"i\":0}") + event("{broken") + event("{\"i\":1}") + "0\r\n\r\n")
    #expect(
      try body("no-data=1", count: 2).text
        == comment + event("{\"i\":0}") + "d\r\nevent: ping\n\n\r\n" + event("{\"i\":1}") + "0\r\n\r\n")
    #expect(
      try body("big-event=3", count: 1).text
        == comment + event("{\"text\":\"xxx\"}") + event("{\"i\":0}") + "0\r\n\r\n")
  }

  @Test("lines end with CR or CRLF when told so")
  func lineEnds() throws {
    #expect(try body("cr=1", count: 1).text.contains("f\r\ndata: {\"i\":0}\r\r\r\n"))
    #expect(try body("crlf=1", count: 1).text.contains("11\r\ndata: {\"i\":0}\r\n\r\n\r\n"))
  }

  @Test("short promises more than it sends, a short stream lacks its last chunk")
  func short() throws {
    let plainSteps = try steps(plain, "short=5")
    #expect(bytes(plainSteps).contains("content-length: 15\r\n"))
    #expect(plainSteps.last == .abort(isReset: false))
    let (text, last) = try body("short=5", count: 1)
    #expect(text == comment + event("{\"i\":0}"))
    #expect(last == .abort(isReset: false))
  }

  @Test("bad-chunk breaks the framing after the first chunk")
  func badChunk() throws {
    let steps = try steps(plain, "bad-chunk=1")
    #expect(bytes(steps).hasSuffix("\r\n\r\na\r\n0123456789\r\nzz;not a size\r\n"))
    #expect(steps.last == .abort(isReset: false))
  }

  @Test("trailers are announced and follow the last chunk")
  func trailers() throws {
    let text = bytes(try steps(plain, "trailers=1"))
    #expect(text.contains("trailer: x-sim-trailer\r\n"))
    #expect(text.hasSuffix("a\r\n0123456789\r\n0\r\nx-sim-trailer: done\r\n\r\n"))
  }

  @Test("informational heads come first, headers are added, close closes")
  func heads() throws {
    let steps = try steps(plain, "informational=2;header=x-a:b;header=x-a:c;close=1")
    let text = bytes(steps)
    #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"))
    #expect(text.split(separator: "HTTP/1.1 103 ").count == 3)
    #expect(text.contains("x-a: b\r\nx-a: c\r\nconnection: close\r\n"))
    #expect(steps.last == .finish(keepsConnection: false))
  }

  @Test("endless headers never end the head")
  func endlessHeaders() throws {
    let text = bytes(try steps(plain, "endless-headers=1", most: 100))
    #expect(text.utf8.count > 300_000)
    #expect(!text.contains("\r\n\r\n"))
  }

  @Test("drip sends the same bytes one by one")
  func drip() throws {
    let dripped = try steps(plain, "drip=7")
    #expect(bytes(dripped) == bytes(try steps(plain)))
    #expect(dripped.prefix(4) == [.write([0x48]), .wait(7), .write([0x54]), .wait(7)])
  }

  @Test("nothing follows the end of a script")
  func over() throws {
    var script = ReplyScript(plain, form: ReplyScript.Form(), faults: Faults(reset: true))
    #expect(script.next() == .abort(isReset: true))
    #expect(script.next() == nil)
  }
}
