import NIOCore

/// The last bytes of an event stream that no meter reads, to tell whether its client has an event's beginning without
/// its end. A value; the reply's relay owns it.
struct StreamTail {
  private var last: UInt32 = 0
  private var isEmpty = true

  /// More of the stream went to the client.
  mutating func take(_ bytes: ByteBuffer) {
    let view = bytes.readableBytesView
    if !view.isEmpty { isEmpty = false }
    for byte in view.suffix(3) { last = last << 8 | UInt32(byte) }
  }

  /// Nothing came yet, or an empty line last, in any of the three line ends. A comment's line counts as a beginning: an
  /// empty line more behind it says nothing.
  var isAtEventBoundary: Bool {
    isEmpty || last & 0xFFFF == 0x0A0A || last & 0xFFFF == 0x0D0D || last & 0xFF_FFFF == 0x0A0D0A
  }
}
