import NIOCore
import Testing

@testable import WeirSimulator

@Suite("The recording")
struct RecorderTests {
  private func record(_ target: String, body: Int = 0, in recorder: Recorder) -> RecordedRequest {
    let request = recorder.open(method: "POST", target: target, headers: [], at: 0)
    recorder.keep(ByteBuffer(repeating: 7, count: body), sha256: "digest", of: request)
    return request
  }

  @Test("the last requests come oldest first, by path without the query")
  func last() {
    let recorder = Recorder()
    for target in ["/a", "/b?x=1", "/a?y", "/b"] { _ = record(target, in: recorder) }
    #expect(recorder.last(3, path: nil).map(\.number) == [2, 3, 4])
    #expect(recorder.last(10, path: "/a").map(\.number) == [1, 3])
    #expect(recorder.last(1, path: "/b").map(\.number) == [4])
    #expect(recorder.last(0, path: nil).isEmpty)
  }

  @Test("only the last ten thousand are kept")
  func ring() {
    let recorder = Recorder()
    for _ in 0..<10_005 { _ = record("/a", in: recorder) }
    let numbers = recorder.last(Int.max, path: nil).map(\.number)
    #expect(numbers == Array(6...10_005))
  }

  @Test("the oldest bodies go when there are too many bytes; digest and length stay")
  func bounded() {
    let recorder = Recorder(mostBytes: 250)
    for _ in 0..<4 { _ = record("/a", body: 100, in: recorder) }
    let kept = recorder.last(4, path: nil).map { $0.json(withLargeBodies: true) }
    #expect(kept.map { $0["body_base64"]?.isNull } == [true, true, false, false])
    #expect(kept.allSatisfy { $0["bytes"] == 100 && $0["sha256"] == "digest" })
    _ = record("/a", body: 1000, in: recorder)
    let last = recorder.last(2, path: nil).map { $0.json(withLargeBodies: true)["body_base64"]?.isNull }
    #expect(last == [true, false])
  }

  @Test("a body over a megabyte is listed only when asked for")
  func largeBody() {
    let request = record("/a", body: 1_000_001, in: Recorder())
    #expect(request.json(withLargeBodies: false)["body_base64"]?.isNull == true)
    #expect(request.json(withLargeBodies: true)["body_base64"]?.string?.utf8.count == 1_333_336)
  }

  @Test("emptying forgets all, numbers go on, and a request still open does not come back")
  func empty() {
    let recorder = Recorder()
    let open = recorder.open(method: "GET", target: "/a", headers: [], at: 0)
    recorder.removeAll()
    recorder.keep(ByteBuffer(), sha256: "", of: open)
    #expect(recorder.last(10, path: nil).isEmpty)
    #expect(record("/b", in: recorder).number == 2)
  }

  @Test("the first ending counts")
  func ending() {
    let request = record("/a", in: Recorder())
    #expect(request.end(.complete, at: 5))
    #expect(!request.end(.cancelled, at: 6))
    #expect(request.json(withLargeBodies: false)["ended"] == "complete")
    #expect(request.json(withLargeBodies: false)["cancelled_at_ms"] == nil)
  }
}
