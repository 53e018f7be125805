import Glibc
import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirUpstream

/// One pass over the field lines of an upstream's reply: copies what goes to the client and notes what weir needs. An
/// object of its exchange's event loop.
final class ReplyHead {
  /// The size that the client is told; none beside a transfer coding, which goes before it (RFC 9112, section 6.3).
  var contentLength: Int? { isChunked ? nil : announcedLength }
  private var announcedLength: Int?
  private var isChunked = false
  /// Why the reply's framing can be read in two ways; such a reply must not reach a client.
  private(set) var fault: String?
  private(set) var isEventStream = false
  private(set) var contentEncoding: String?
  private(set) var requestID: String?
  /// The lines that go to the client, each with its line end.
  private(set) var lines: ByteBuffer
  /// Whether cookies were left out.
  private(set) var lostCookies = false
  /// Whether the server's name was left out.
  private(set) var lostServer = false
  private let hygiene: ReplyHygiene

  init(_ head: ResponseHead, hygiene: ReplyHygiene = .none, allocator: ByteBufferAllocator) {
    self.hygiene = hygiene
    lines = allocator.buffer(capacity: head.fields.readableBytes + 512)
    unsafe head.fields.withUnsafeReadableBytes { bytes in
      // A set, since a head may have tens of thousands of names and of lines.
      var nominated: Set<String> = []
      var passing = unsafe Run()
      unsafe Self.forEachLine(bytes) { line in
        if unsafe line.kind == .connection { unsafe Self.nominate(line.value, &nominated) }
        if unsafe read(line) { unsafe passing.add(line, to: &lines) }
      }
      unsafe passing.end(&lines)
      if !nominated.isEmpty { unsafe leaveOut(nominated, of: bytes) }
    }
  }

  /// Seldom: `Connection` names fields, of lines that came before it too.
  private func leaveOut(_ nominated: Set<String>, of bytes: UnsafeRawBufferPointer) {
    (announcedLength, isChunked, fault, isEventStream, contentEncoding, requestID) = (nil, false, nil, false, nil, nil)
    (lostCookies, lostServer) = (false, false)
    lines.clear()
    unsafe Self.forEachLine(bytes) { line in
      if unsafe read(line), unsafe !nominated.contains(String(decoding: line.name, as: UTF8.self).lowercased()) {
        unsafe line.write(to: &lines)
      }
    }
  }

  /// Notes what a line says; whether it goes to the client.
  private func read(_ line: Line) -> Bool {
    let value = unsafe line.value
    switch unsafe line.kind {
    case .hopByHop, .connection, .upgrade, .weir, .weirUser, .weirVariant, .weirTask, .weirTimeout, .weirCacheTTL:
      return false
    case .transferEncoding:
      isChunked = true
      let coding = unsafe String(decoding: value, as: UTF8.self).lowercased()
      if coding != "chunked" { fault = "the reply has a transfer coding that is not known" }
      return false
    case .contentLength:
      // Written by the framing, so that the client sees exactly one.
      let length = unsafe Int(String(decoding: value, as: UTF8.self))
      if (length ?? -1) < 0 || (announcedLength != nil && announcedLength != length) {
        fault = "the reply has a Content-Length that is not a number, or two that differ"
      }
      announcedLength = fault == nil ? length : nil
      return false
    case .contentType:
      unsafe isEventStream = Self.begins(value, "text/event-stream")
    case .contentEncoding:
      unsafe contentEncoding = String(decoding: value, as: UTF8.self).lowercased()
    case .requestID:
      unsafe requestID = String(decoding: value, as: UTF8.self)
      return false
    case .setCookie where hygiene.dropsCookies:
      lostCookies = true
      return false
    case .server where hygiene.dropsServer:
      lostServer = true
      return false
    default: break
    }
    return true
  }

  /// The body has another size than the upstream said.
  func resize(to count: Int) {
    isChunked = false
    announcedLength = count
  }

  /// How long the body gets is known at its end only.
  func forgetLength() { announcedLength = nil }

  /// The lines but those that tell of the upstream's rate limits.
  var linesWithoutRateLimits: ByteBuffer {
    var kept = ByteBuffer()
    kept.reserveCapacity(lines.readableBytes)
    unsafe lines.withUnsafeReadableBytes { bytes in
      unsafe Self.forEachLine(bytes) { line in
        if unsafe !Self.begins(line.name, "x-ratelimit-") { unsafe line.write(to: &kept) }
      }
    }
    return kept
  }

  /// How long the upstream asks to be left alone, in nanoseconds.
  ///
  /// - Parameter wall: the present, in seconds since 1970.
  func retryDelay(wall: Int64) -> Int64? {
    var values: [String: String] = [:]
    unsafe lines.withUnsafeReadableBytes { bytes in
      unsafe Self.forEachLine(bytes) { line in
        let name = unsafe String(decoding: line.name, as: UTF8.self).lowercased()
        guard name.hasPrefix("retry-after") || name.hasPrefix("x-ratelimit-") || name == "date" else { return }
        unsafe values[name] = String(decoding: line.value, as: UTF8.self)
      }
    }
    let resets = ["", "-requests", "-tokens"].compactMap { suffix in
      values["x-ratelimit-reset" + suffix].map {
        RetryDelay.Reset($0, remaining: values["x-ratelimit-remaining" + suffix])
      }
    }
    return RetryDelay.parse(
      retryAfter: values["retry-after"], retryAfterMilliseconds: values["retry-after-ms"], resets: resets,
      date: values["date"], wall: wall)
  }

  /// Whether the upstream says that trying again is of no use.
  var saysNotToRetry: Bool {
    var says = false
    unsafe lines.withUnsafeReadableBytes { bytes in
      unsafe Self.forEachLine(bytes) { line in
        guard unsafe line.name.count == 14, unsafe Self.begins(line.name, "x-should-retry") else { return }
        says = unsafe Self.begins(line.value, "false")
      }
    }
    return says
  }

  /// One field line, as a view of its bytes.
  @unsafe private struct Line {
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer
    /// All of it with its line end, where it is spelled just as it is to go out.
    let whole: UnsafeRawBufferPointer?

    var kind: FieldKind { unsafe FieldKind(name) }

    func write(to buffer: inout ByteBuffer) {
      if let whole = unsafe whole {
        unsafe buffer.writeBytes(whole)
        return
      }
      unsafe buffer.writeBytes(name)
      buffer.writeInteger(UInt16(0x3A20))
      unsafe buffer.writeBytes(value)
      buffer.writeInteger(UInt16(0x0D0A))
    }
  }

  /// Lines that pass and lie behind each other: written in one go, since each write looks at its buffer anew.
  @unsafe private struct Run {
    private var bytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    mutating func add(_ line: Line, to buffer: inout ByteBuffer) {
      guard let whole = unsafe line.whole else {
        unsafe end(&buffer)
        return unsafe line.write(to: &buffer)
      }
      if let start = unsafe bytes.baseAddress, unsafe start + bytes.count == whole.baseAddress {
        unsafe bytes = UnsafeRawBufferPointer(start: start, count: bytes.count + whole.count)
      } else {
        unsafe end(&buffer)
        unsafe bytes = whole
      }
    }

    mutating func end(_ buffer: inout ByteBuffer) {
      if unsafe !bytes.isEmpty { unsafe buffer.writeBytes(bytes) }
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  private static func forEachLine(_ bytes: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
    var start = 0
    while start < bytes.count, let end = unsafe place(of: 0x0D, in: bytes, start..<bytes.count) {
      if let colon = unsafe place(of: UInt8(ascii: ":"), in: bytes, start..<end) {
        var (first, last) = (colon + 1, end)
        while first < last, unsafe isBlank(bytes[first]) { first += 1 }
        while first < last, unsafe isBlank(bytes[last - 1]) { last -= 1 }
        let isPlain =
          unsafe first == colon + 2 && last == end && bytes[colon + 1] == 0x20 && end + 1 < bytes.count
          && bytes[end + 1] == 0x0A
        unsafe body(
          Line(
            name: UnsafeRawBufferPointer(rebasing: bytes[start..<colon]),
            value: UnsafeRawBufferPointer(rebasing: bytes[first..<last]),
            whole: isPlain ? UnsafeRawBufferPointer(rebasing: bytes[start..<end + 2]) : nil))
      }
      start = end + 2
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func place(of byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, let base = bytes.baseAddress else { return nil }
    guard let found = unsafe memchr(base + range.lowerBound, CInt(byte), range.count) else { return nil }
    return unsafe UnsafeRawPointer(found) - base
  }

  private static func nominate(_ value: UnsafeRawBufferPointer, _ nominated: inout Set<String>) {
    // What nearly every upstream says, and names no field: nothing else has to be compared with names then.
    if value.count == 10, unsafe begins(value, "keep-alive") { return }
    if value.count == 5, unsafe begins(value, "close") { return }
    for token in unsafe String(decoding: value, as: UTF8.self).split(separator: ",") {
      nominated.insert(token.filter { $0 != " " && $0 != "\t" }.lowercased())
    }
  }

  private static func begins(_ value: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    let count = lowercase.utf8CodeUnitCount
    guard value.count >= count else { return false }
    for index in 0..<count where unsafe value[index] | 0x20 != lowercase.utf8Start[index] | 0x20 { return false }
    return true
  }
}
