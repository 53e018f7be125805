import CWeirNghttp2
import NIOCore

/// Owns the state of one HTTP/2 connection as nghttp2 keeps it. Lives on the event loop of the connection that owns it.
@safe final class HTTP2Session {
  private let pointer: OpaquePointer

  /// Bytes of one reply that the upstream may send before its client has taken any: what a slow client makes weir hold.
  private static let window: Int32 = 256 * 1024
  /// The same for all replies of a connection together, none of which is to wait for another's client.
  private static let connectionWindow: Int32 = .max

  /// - Parameter owner: is told what happens, and outlives the session.
  ///
  /// Nil without memory.
  init?(owner: HTTP2Connection) {
    var events = weir_h2_events()
    Self.setUp(&events)
    let context = unsafe Unmanaged.passUnretained(owner).toOpaque()
    guard let pointer = unsafe weir_h2_new(&events, context, Self.window, Self.connectionWindow) else { return nil }
    unsafe self.pointer = pointer
  }

  deinit { unsafe weir_h2_free(pointer) }

  /// Takes bytes from the upstream; false where the connection is of no use any more.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe weir_h2_receive(pointer, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes for the upstream behind those in `buffer`, some more than `limit` at most; false where the connection is
  /// of no use any more.
  func send(into buffer: inout ByteBuffer, limit: Int) -> Bool {
    while buffer.readableBytes < limit {
      var filled = 0
      var room = 0
      unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.room) { bytes in
        room = bytes.count
        filled = unsafe weir_h2_send(pointer, bytes.baseAddress, bytes.count)
        return max(filled, 0)
      }
      if filled < 0 { return false }
      if filled < room { return true }
    }
    return true
  }

  private static let room = 4 * 1024

  /// Whether anything is still to be read or sent.
  var isOpen: Bool { unsafe weir_h2_is_open(pointer) }

  /// Whether it may take another stream at all.
  var takesRequests: Bool { unsafe weir_h2_takes_requests(pointer) }

  /// How many streams the upstream allows at once; a hundred until it has said so.
  var streamLimit: Int { unsafe Int(weir_h2_stream_limit(pointer)) }

  /// Begins a request, of which `stream` is told until it is reset; nil where the connection takes none.
  ///
  /// - Parameter head: method, target and authority, each with its CRLF, and the header lines.
  func submit(_ head: ByteBuffer, hasBody: Bool, stream: HTTP2Stream) -> Int32? {
    let context = unsafe Unmanaged.passUnretained(stream).toOpaque()
    let id = unsafe head.withUnsafeReadableBytes { bytes in
      unsafe weir_h2_submit(pointer, bytes.baseAddress, bytes.count, hasBody, context)
    }
    return id > 0 ? id : nil
  }

  /// Whether any of the request has been given out by `send`.
  func hasLeft(_ id: Int32) -> Bool { unsafe weir_h2_has_left(pointer, id) }

  func resume(_ id: Int32) { unsafe weir_h2_resume(pointer, id) }

  /// Ends a stream; nothing is told of it from now on.
  func reset(_ id: Int32) { unsafe weir_h2_reset(pointer, id) }

  /// The upstream may send as much again.
  func consume(_ count: Int, of id: Int32) { unsafe weir_h2_consume(pointer, id, count) }

  func consumeForConnection(_ count: Int) { unsafe weir_h2_consume_for_connection(pointer, count) }

  func consumeForStream(_ count: Int, of id: Int32) { unsafe weir_h2_consume_for_stream(pointer, id, count) }

  // MARK: Events. They come inside `receive` and `send`.

  private static func setUp(_ events: inout weir_h2_events) {
    unsafe events.head = { owner, stream, status, lines, length in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      unsafe connection.received(
        status: Int(status), lines: UnsafeRawBufferPointer(start: lines, count: length), for: stream)
    }
    unsafe events.body = { owner, stream, bytes, length in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      unsafe connection.received(UnsafeRawBufferPointer(start: bytes, count: length), for: stream)
    }
    unsafe events.other_head = { owner, stream, length in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      connection.receivedOtherHead(of: length, for: stream)
    }
    unsafe events.whole = { owner, stream in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      connection.ended(stream, .whole)
    }
    unsafe events.refused = { owner, stream, fault in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      connection.ended(stream, .refused(fault))
    }
    unsafe events.closed = { owner, stream, code in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream) else { return }
      stream.isClosed = true
      connection.ended(stream, .reset(code))
    }
    unsafe events.unsent = { owner, id in
      guard let owner = unsafe owner else { return }
      unsafe Unmanaged<HTTP2Connection>.fromOpaque(owner).takeUnretainedValue().requestDidNotLeave(id)
    }
    unsafe events.settings = { owner in
      guard let owner = unsafe owner else { return }
      unsafe Unmanaged<HTTP2Connection>.fromOpaque(owner).takeUnretainedValue().receivedSettings()
    }
    unsafe events.going_away = { owner in
      guard let owner = unsafe owner else { return }
      unsafe Unmanaged<HTTP2Connection>.fromOpaque(owner).takeUnretainedValue().retire()
    }
    unsafe events.fill = { owner, stream, room, length, isEnd in
      guard let (connection, stream) = unsafe HTTP2Session.parties(owner, stream), let isEnd = unsafe isEnd else {
        return -1
      }
      let room = unsafe UnsafeMutableRawBufferPointer(start: room, count: length)
      return unsafe connection.fill(room, from: stream, isEnd: &isEnd.pointee)
    }
  }

  private static func parties(
    _ owner: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?
  ) -> (HTTP2Connection, HTTP2Stream)? {
    guard let owner = unsafe owner, let stream = unsafe stream else { return nil }
    return unsafe (
      Unmanaged<HTTP2Connection>.fromOpaque(owner).takeUnretainedValue(),
      Unmanaged<HTTP2Stream>.fromOpaque(stream).takeUnretainedValue()
    )
  }
}
