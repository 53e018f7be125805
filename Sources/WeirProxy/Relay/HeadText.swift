import NIOCore

/// Text on its way into room of a buffer: one look at the buffer for a whole head, where each write of its own looks
/// anew. What finds no room is only counted.
@unsafe struct HeadText {
  private let room: UnsafeMutableRawBufferPointer
  /// Bytes that were put, whether they found room or not.
  private(set) var count = 0

  fileprivate init(_ room: UnsafeMutableRawBufferPointer) { unsafe self.room = room }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    if let place = unsafe take(bytes.count), let start = bytes.baseAddress {
      unsafe place.copyMemory(from: start, byteCount: bytes.count)
    }
  }

  mutating func put(_ text: StaticString) {
    unsafe put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func put(text: String) {
    var text = text
    text.withUTF8 { unsafe put(UnsafeRawBufferPointer($0)) }
  }

  mutating func put(_ number: Int) {
    unsafe putDigits { unsafe Digits.write(number, to: $0) }
  }

  /// Milliseconds with three decimals.
  mutating func put(milliseconds nanoseconds: Int64) {
    unsafe putDigits { unsafe Digits.write(milliseconds: nanoseconds, to: $0) }
  }

  /// A field line with its line end. `name` has its colon and the space behind it.
  mutating func putField(_ name: StaticString, _ value: String) {
    let isPut: Void? = unsafe value.utf8.withContiguousStorageIfAvailable { value in
      let before = name.utf8CodeUnitCount
      guard let place = unsafe take(before + value.count + 2) else { return }
      unsafe place.copyMemory(from: name.utf8Start, byteCount: before)
      let end = unsafe place + before
      if let start = value.baseAddress { unsafe end.copyMemory(from: start, byteCount: value.count) }
      unsafe (end + value.count).storeBytes(of: UInt16(0x0A0D).littleEndian, as: UInt16.self)
    }
    guard isPut == nil else { return }
    unsafe put(name)
    unsafe put(text: value)
    unsafe put("\r\n")
  }

  /// A field line with its line end.
  mutating func putField(named name: String, _ value: String) {
    unsafe put(text: name)
    unsafe put(": ")
    unsafe put(text: value)
    unsafe put("\r\n")
  }

  private mutating func putDigits(_ write: (UnsafeMutablePointer<UInt8>) -> Int) {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Digits.longest) { digits in
      guard let start = digits.baseAddress else { return }
      unsafe put(UnsafeRawBufferPointer(start: start, count: write(start)))
    }
  }

  /// The next so many bytes of the room, if they are there.
  private mutating func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let start = unsafe count
    unsafe count += bytes
    guard unsafe count <= room.count else { return nil }
    return unsafe room.baseAddress.map { unsafe $0 + start }
  }
}

extension ByteBuffer {
  /// Writes what `body` puts. It is called once more, with the room that it needs, where the first was too small.
  mutating func writeHead(_ body: (inout HeadText) -> Void) {
    var needed = 1
    repeat {
      let room = needed
      needed = 0
      unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: room) { bytes in
        var text = unsafe HeadText(bytes)
        unsafe body(&text)
        guard unsafe text.count > bytes.count else { return unsafe text.count }
        unsafe needed = text.count
        return 0
      }
    } while needed > 0
  }
}
