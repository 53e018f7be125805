import Glibc
import NIOCore

/// Where a reply's body ends, and what may come after it (RFC 9112, sections 6.3 and 9.3).
struct ReplyFraming: Equatable {
  enum Body: Equatable {
    case none
    /// Of so many bytes, more than none.
    case sized(Int)
    case chunked
    /// What comes until the connection is closed.
    case untilClose
  }

  var body: Body
  /// Whether another request may go over the connection.
  var keepsConnection: Bool

  /// Reads it off a head's lines, each ended by CRLF; throws why they cannot be trusted.
  ///
  /// - Parameters:
  ///   - isHead: the request's method was `HEAD`.
  ///   - isHTTP10: the reply's version is 1.0.
  init(_ fields: ByteBuffer, status: Int, isHead: Bool, isHTTP10: Bool) throws(ReplyFault) {
    var reading = FramingFields()
    try unsafe fields.withUnsafeReadableBytes { bytes in unsafe reading.read(bytes) }.get()
    let persists = isHTTP10 ? reading.saysKeepAlive && !reading.saysClose : !reading.saysClose
    if isHead || status == 204 || status == 304 {
      self.init(body: .none, keepsConnection: persists)
    } else if reading.isChunked {
      // Whoever sends both, or chunks in a version without them, may mean another end than we see.
      self.init(body: .chunked, keepsConnection: persists && reading.length == nil && !isHTTP10)
    } else if let length = reading.length {
      self.init(body: length == 0 ? .none : .sized(length), keepsConnection: persists)
    } else {
      self.init(body: .untilClose, keepsConnection: false)
    }
  }

  init(body: Body, keepsConnection: Bool) {
    self.body = body
    self.keepsConnection = keepsConnection
  }
}

/// Why a reply cannot be taken, in words for a log.
struct ReplyFault: Error, Equatable {
  let reason: String
}

/// What the lines of a head say about the message's end.
private struct FramingFields {
  var length: Int?
  var isChunked = false
  var saysClose = false
  var saysKeepAlive = false

  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Result<Void, ReplyFault> {
    var rest = unsafe bytes
    while let start = rest.baseAddress, let feed = unsafe memchr(start, CInt(UInt8(ascii: "\n")), rest.count) {
      let end = unsafe UnsafeRawPointer(feed) - start
      let line = unsafe UnsafeRawBufferPointer(rebasing: rest[..<end])
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
      do throws(ReplyFault) { try unsafe note(line) } catch { return .failure(error) }
    }
    return .success(())
  }

  private mutating func note(_ line: UnsafeRawBufferPointer) throws(ReplyFault) {
    // Of most lines the first letter says that they are others.
    guard let first = unsafe line.first.map({ $0 | 0x20 }), first == UInt8(ascii: "c") || first == UInt8(ascii: "t")
    else { return }
    if let value = unsafe line.value(of: "content-length") {
      try unsafe noteLength(value)
    } else if let value = unsafe line.value(of: "connection") {
      unsafe value.forEachToken { token in
        if unsafe token.spells("close") { saysClose = true }
        if unsafe token.spells("keep-alive") { saysKeepAlive = true }
      }
    } else if let value = unsafe line.value(of: "transfer-encoding") {
      var codings = 0
      var known = true
      unsafe value.forEachToken { token in
        codings += 1
        known = unsafe known && token.spells("chunked")
      }
      guard known, codings <= 1, !(isChunked && codings > 0) else {
        throw ReplyFault(reason: "the reply has a transfer coding that weir does not read")
      }
      if codings == 1 { isChunked = true }
    }
  }

  /// RFC 9110, section 8.6: a list of one and the same number is that number.
  private mutating func noteLength(_ value: UnsafeRawBufferPointer) throws(ReplyFault) {
    var numbers = 0
    var isValid = true
    var known = length
    unsafe value.forEachToken { token in
      numbers += 1
      guard let number = unsafe token.decimal, known == nil || known == number else { return isValid = false }
      known = number
    }
    guard isValid, numbers > 0 else {
      throw ReplyFault(reason: "the reply's Content-Length is not one number")
    }
    length = known
  }
}

extension UnsafeRawBufferPointer {
  /// The value of a line, where its name is this word of small letters.
  fileprivate func value(of name: StaticString) -> UnsafeRawBufferPointer? {
    let length = name.utf8CodeUnitCount
    guard count > length, unsafe self[length] == UInt8(ascii: ":"),
      unsafe UnsafeRawBufferPointer(rebasing: self[..<length]).spells(name)
    else { return nil }
    return unsafe UnsafeRawBufferPointer(rebasing: self[(length + 1)...])
  }

  /// Whether this is the word, in small letters, in whatever case it is written.
  fileprivate func spells(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      guard count == word.count else { return false }
      for index in indices where unsafe self[index] | 0x20 != word[index] | 0x20 { return false }
      return true
    }
  }

  /// A number of digits alone that fits, nil otherwise.
  fileprivate var decimal: Int? {
    guard unsafe !isEmpty else { return nil }
    var number = 0
    for index in indices {
      let byte = unsafe self[index]
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (next, isTooLargeStill) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !isTooLarge, !isTooLargeStill else { return nil }
      number = next
    }
    return number
  }

  /// The members of a list (RFC 9110, section 5.6.1), without the blanks around them; empty ones are passed over.
  fileprivate func forEachToken(_ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start <= count {
      var end = start
      while end < count, unsafe self[end] != UInt8(ascii: ",") { end += 1 }
      var (first, last) = (start, end)
      while first < last, unsafe Self.isBlank(self[first]) { first += 1 }
      while last > first, unsafe Self.isBlank(self[last - 1]) { last -= 1 }
      if first < last { unsafe body(UnsafeRawBufferPointer(rebasing: self[first..<last])) }
      start = end + 1
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
