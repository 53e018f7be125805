import NIOCore
import Synchronization

/// The last requests, bounded in number and in the bytes of their bodies. Safe from any thread.
final class Recorder: Sendable {
  static let mostRequests = 10_000
  static let mostBodyBytes = 256 * 1024 * 1024

  private struct State {
    /// A ring: request `number` is at `number % mostRequests`.
    var ring: [RecordedRequest?] = Array(repeating: nil, count: mostRequests)
    var numbered = 0
    /// Requests whose body is held, in the order in which the bodies ended; those before `oldest` are done with.
    var held: [RecordedRequest] = []
    var oldest = 0
    var heldBytes = 0

    mutating func dropOldest() {
      heldBytes -= held[oldest].dropBody()
      oldest += 1
      if oldest > 1000, oldest * 2 > held.count {
        held.removeFirst(oldest)
        oldest = 0
      }
    }
  }

  private let mostBytes: Int
  private let state = Mutex(State())

  init(mostBytes: Int = mostBodyBytes) { self.mostBytes = mostBytes }

  /// Opens the record of a request whose head has come.
  func open(method: String, target: String, headers: [HeaderField], at milliseconds: Int) -> RecordedRequest {
    state.withLock { state in
      state.numbered += 1
      let request = RecordedRequest(
        number: state.numbered, method: method, target: target, headers: headers, arrivedAt: milliseconds)
      state.ring[state.numbered % Recorder.mostRequests] = request
      let oldestNumber = state.numbered - Recorder.mostRequests
      while state.oldest < state.held.count, state.held[state.oldest].number <= oldestNumber {
        state.dropOldest()
      }
      return request
    }
  }

  /// Keeps a body, and lets go of the oldest ones when there are too many bytes. The newest always stays.
  func keep(_ body: ByteBuffer, sha256: String, of request: RecordedRequest) {
    state.withLock { state in
      guard state.ring[request.number % Recorder.mostRequests] === request else { return }
      request.setBody(body, sha256: sha256)
      state.held.append(request)
      state.heldBytes += body.readableBytes
      while state.heldBytes > mostBytes, state.oldest < state.held.count - 1 { state.dropOldest() }
    }
  }

  /// The last `count` requests to `path` (all when nil), oldest first.
  func last(_ count: Int, path: String?) -> [RecordedRequest] {
    let (ring, numbered) = state.withLock { ($0.ring, $0.numbered) }
    var found: [RecordedRequest] = []
    for number in stride(from: numbered, to: max(0, numbered - Recorder.mostRequests), by: -1) {
      if found.count >= count { break }
      guard let request = ring[number % Recorder.mostRequests] else { continue }
      if path == nil || request.path == path ?? "" { found.append(request) }
    }
    return found.reversed()
  }

  /// Forgets all requests; numbers go on.
  func removeAll() {
    state.withLock { $0 = State(numbered: $0.numbered) }
  }
}
