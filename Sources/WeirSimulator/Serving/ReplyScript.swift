/// What a connection does next for a reply: bytes, waits and ends, in order. A value without socket or clock,
/// so that every fault can be tested by reading the steps.
struct ReplyScript: Sendable {
  enum Step: Sendable, Equatable {
    case write([UInt8])
    /// One event of a stream is through; counts, sends nothing.
    case eventSent
    /// Milliseconds.
    case wait(Int)
    /// Nothing more until the client leaves.
    case silence
    /// The reply is over; the connection serves the next request or closes.
    case finish(keepsConnection: Bool)
    /// The connection ends in the middle.
    case abort(isReset: Bool)
  }

  /// What the request's head says about the reply's form.
  struct Form: Sendable {
    var isHead = false
    /// HTTP/1.0 knows no chunks.
    var knowsChunks = true
    var keepsConnection = true
    var wantsGzip = false
    /// Milliseconds between events, of the header `x-sim-gap-ms`.
    var gap = 0
  }

  private enum Phase {
    case opening
    case endlessHeaders
    case body
    case over
  }

  private let faults: Faults
  private var framing: ReplyFraming
  private var body: ReplyBodySource
  private let opening: [Step]
  private var phase = Phase.opening
  /// Steps made and not yet handed out, the next one last.
  private var pending: [Step] = []

  init(_ reply: Reply, form: Form, faults: Faults) {
    self.faults = faults
    var form = form
    if faults.badGzip { form.wantsGzip = true }
    body = ReplyBodySource(reply, form: form, faults: faults)
    framing = ReplyFraming(reply, form: form, faults: faults, length: body.length)
    var opening: [Step] = faults.delay > 0 ? [.wait(faults.delay)] : []
    if faults.reset {
      opening.append(.abort(isReset: true))
    } else if faults.garbage {
      opening.append(.write(Array("\u{16}\u{03}\u{01}not HTTP at all \u{00}\u{01}\u{02}\r\n\r\n".utf8)))
      opening.append(.abort(isReset: false))
    } else {
      opening += framing.opening.map { .write($0) }
    }
    self.opening = opening
  }

  /// Nil once the script is over.
  mutating func next() -> Step? {
    while pending.isEmpty {
      switch phase {
      case .opening:
        push(opening)
        phase = faults.endlessHeaders ? .endlessHeaders : .body
      case .endlessHeaders:
        push([.write(Array("x-endless: \(String(repeating: "a", count: 4000))\r\n".utf8))])
      case .body: push(bodySteps())
      case .over: return nil
      }
    }
    let step = pending.removeLast()
    switch step {
    case .silence, .finish, .abort: (phase, pending) = (.over, [])
    default: break
    }
    return step
  }

  private mutating func bodySteps() -> [Step] {
    switch body.next() {
    case .bytes(let bytes): return steps(of: framing.frame(bytes))
    case .event(let bytes): return steps(of: framing.frame(bytes)) + [.eventSent]
    case .wait(let milliseconds): return [.wait(milliseconds)]
    case .silence: return [.silence]
    case .end: return steps(of: framing.ending())
    }
  }

  private func steps(of frames: [ReplyFraming.Frame]) -> [Step] {
    frames.map { frame in
      switch frame {
      case .bytes(let bytes): .write(bytes)
      case .abort(let isReset): .abort(isReset: isReset)
      case .finish(let keepsConnection): .finish(keepsConnection: keepsConnection)
      }
    }
  }

  /// With the fault `drip` every byte goes alone.
  private mutating func push(_ steps: [Step]) {
    var pushed: [Step] = []
    for step in steps {
      if faults.drip > 0, case .write(let bytes) = step {
        for byte in bytes { pushed += [.write([byte]), .wait(faults.drip)] }
      } else {
        pushed.append(step)
      }
    }
    pending.append(contentsOf: pushed.reversed())
  }
}
