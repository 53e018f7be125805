import NIOCore
import Synchronization

/// One request as it came in. Its connection's event loop writes, any thread reads.
final class RecordedRequest: Sendable {
  enum Ending: String, Sendable {
    case open
    /// The simulator sent all it meant to, a fault's broken reply included.
    case complete
    /// The client left first.
    case cancelled
  }

  private struct State {
    var body: ByteBuffer?
    var bytes = 0
    var sha256 = ""
    var ending = Ending.open
    var cancelledAt: Int?
  }

  /// Counts from 1 since the process started.
  let number: Int
  let method: String
  /// As on the request line, with the query.
  let target: String
  let headers: [HeaderField]
  /// Milliseconds since 1970, when the head had come.
  let arrivedAt: Int
  private let events = Atomic<Int>(0)
  private let state = Mutex(State())

  init(number: Int, method: String, target: String, headers: [HeaderField], arrivedAt: Int) {
    self.number = number
    self.method = method
    self.target = target
    self.headers = headers
    self.arrivedAt = arrivedAt
  }

  var path: Substring { target.prefix { $0 != "?" } }

  var eventsSent: Int { events.load(ordering: .relaxed) }

  func countEvent() { events.add(1, ordering: .relaxed) }

  func setBody(_ body: ByteBuffer, sha256: String) {
    state.withLock {
      $0.body = body
      $0.bytes = body.readableBytes
      $0.sha256 = sha256
    }
  }

  /// Frees the body; returns its bytes.
  func dropBody() -> Int {
    state.withLock { state in
      defer { state.body = nil }
      return state.body?.readableBytes ?? 0
    }
  }

  /// The first ending counts; returns whether this was it.
  func end(_ ending: Ending, at milliseconds: Int) -> Bool {
    state.withLock { state in
      guard state.ending == .open else { return false }
      state.ending = ending
      if ending == .cancelled { state.cancelledAt = milliseconds }
      return true
    }
  }

  /// Bodies larger than this are listed by length and digest only, unless asked for.
  private static let largestListedBody = 1_000_000

  func json(withLargeBodies: Bool) -> JSON {
    let state = state.withLock { $0 }
    var json: JSON = [
      "n": JSON(number), "method": .string(method), "path": .string(target),
      "headers": .array(headers.map { [.string($0.name), .string($0.value)] }),
    ]
    if let body = state.body, withLargeBodies || state.bytes <= RecordedRequest.largestListedBody {
      json.append("body_base64", .string(base64(Array(body.readableBytesView))))
    } else {
      json.append("body_base64", nil)
    }
    json.append("bytes", JSON(state.bytes))
    json.append("sha256", .string(state.sha256))
    json.append("at_ms", JSON(arrivedAt))
    json.append("ended", .string(state.ending.rawValue))
    if let cancelledAt = state.cancelledAt { json.append("cancelled_at_ms", JSON(cancelledAt)) }
    json.append("events_sent", JSON(eventsSent))
    return json
  }
}
