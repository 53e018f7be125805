import CWeirCurl
import Glibc

/// The header lines of one upstream request, as they go over the wire or as libcurl takes them, in memory that is kept
/// from request to request, so that a list of any length costs no allocation once warm; `letGo()` gives it back.
///
/// For libcurl they are a `curl_slist`, in two blocks of memory. Lines that libcurl does not look for stand in one entry of
/// the list, with the CRLF between them: libcurl sends entries as they are (CURLOPT_HTTPHEADER's manual) and looks through
/// all of them for each of a dozen names.
///
/// Lives on the event loop of the transfer that owns it. libcurl reads the list until the transfer ends, so the
/// owner must not change it between `seal()` and that end.
@safe public final class HeaderList {
  private var text: UnsafeMutablePointer<CChar>?
  private var textCapacity = 0
  private var textCount = 0
  /// One for each entry of the list; `seal()` links them.
  private var nodes: UnsafeMutablePointer<curl_slist>?
  private var nodeCapacity = 0
  private var nodeCount = 0
  /// Whether the last entry takes another line.
  private var isOpen = false

  private let form: Form

  /// Who reads the lines.
  enum Form {
    /// The upstream: each line has its end.
    case wire
    case libcurl
  }

  /// A block larger than this many bytes is given back once the request that needed it is over.
  private static let keptTextCapacity = 16 * 1024

  init(_ form: Form) { self.form = form }

  deinit { letGo() }

  /// Forgets every line.
  func removeAll() {
    textCount = 0
    nodeCount = 0
    isOpen = false
    if textCapacity > Self.keptTextCapacity { letGo() }
  }

  /// Forgets every line, and gives the memory back until the next is added.
  func letGo() {
    unsafe text?.deallocate()
    unsafe nodes?.deallocate()
    unsafe (text, nodes) = (nil, nil)
    (textCapacity, textCount, nodeCapacity, nodeCount, isOpen) = (0, 0, 0, 0, false)
  }

  /// Adds `name: value`. The caller has made sure that neither holds CR, LF or NUL.
  ///
  /// An empty value goes out as an empty value: libcurl would read `name:` as "do not send this header", and
  /// takes `name;` for an empty one (CURLOPT_HTTPHEADER's manual).
  public func add(_ name: String, _ value: String) {
    if form == .wire { return addToWire(name, value) }
    let isPlain = !value.utf8.isEmpty && !Self.isReadByCurl(name)
    reserve(name.utf8.count + value.utf8.count + 5)
    if isPlain, isOpen {
      // In the place of the entry's end.
      textCount -= 1
      put(UInt8(ascii: "\r"))
      put(UInt8(ascii: "\n"))
    } else {
      beginEntry()
    }
    isOpen = isPlain
    put(name)
    if value.utf8.isEmpty {
      put(UInt8(ascii: ";"))
    } else {
      put(UInt8(ascii: ":"))
      put(UInt8(ascii: " "))
      put(value)
    }
    put(0)
  }

  /// Adds a line, as `add` does with text.
  public func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard form == .wire else {
      return unsafe add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
    reserve(name.count + value.count + 4)
    unsafe putOnWire(name, value)
  }

  private func addToWire(_ name: String, _ value: String) {
    reserve(name.utf8.count + value.utf8.count + 4)
    var (name, value) = (name, value)
    name.withUTF8 { name in
      value.withUTF8 { value in unsafe putOnWire(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer(value)) }
    }
  }

  private func putOnWire(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    unsafe put(name)
    put(UInt8(ascii: ":"))
    if unsafe !value.isEmpty {
      put(UInt8(ascii: " "))
      unsafe put(value)
    }
    put(UInt8(ascii: "\r"))
    put(UInt8(ascii: "\n"))
  }

  /// The lines as they go over the wire. The bytes are valid during the call only.
  func withWireLines<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(start: text, count: textCount))
  }

  /// Keeps libcurl from sending a header of its own making; on the wire there is none.
  public func suppress(_ name: String) {
    guard form == .libcurl else { return }
    reserve(name.utf8.count + 2)
    beginEntry()
    isOpen = false
    put(name)
    put(UInt8(ascii: ":"))
    put(0)
  }

  /// Links the lines and gives the list's head, or nil for an empty list. Valid until the next change.
  func seal() -> UnsafeMutablePointer<curl_slist>? {
    guard nodeCount > 0, let nodes = unsafe nodes else { return nil }
    for index in 0..<nodeCount {
      unsafe nodes[index].next = index + 1 < nodeCount ? nodes + index + 1 : nil
    }
    return unsafe nodes
  }

  /// Names that libcurl looks for: it makes such a line itself where there is none, or leaves it out where the protocol
  /// wants that.
  private static func isReadByCurl(_ name: String) -> Bool {
    switch name.utf8.count {
    case 2: spells(name, "te")
    case 4: spells(name, "host")
    case 5: spells(name, "range")
    case 6: spells(name, "accept") || spells(name, "expect") || spells(name, "cookie")
    case 7: spells(name, "upgrade")
    case 10: spells(name, "connection")
    case 12: spells(name, "content-type")
    case 13: spells(name, "authorization") || spells(name, "content-range")
    case 14: spells(name, "content-length")
    case 16: spells(name, "proxy-connection")
    case 17: spells(name, "transfer-encoding")
    case 19: spells(name, "proxy-authorization")
    default: false
    }
  }

  /// Whether a token is this word of small letters, in whatever case it is written.
  private static func spells(_ name: String, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      // Of most names the first letter says that it is another.
      guard let first = name.utf8.first, unsafe first | 0x20 == word[0] else { return false }
      return unsafe name.utf8.elementsEqual(word) { $0 | 0x20 == $1 }
    }
  }

  /// Starts an entry where the next byte goes.
  private func beginEntry() {
    if nodeCount == nodeCapacity {
      let capacity = max(nodeCapacity * 2, 16)
      let grown = UnsafeMutablePointer<curl_slist>.allocate(capacity: capacity)
      if let nodes = unsafe nodes {
        unsafe grown.update(from: nodes, count: nodeCount)
        unsafe nodes.deallocate()
      }
      unsafe nodes = grown
      nodeCapacity = capacity
    }
    guard let nodes = unsafe nodes, let text = unsafe text else { return }
    unsafe (nodes + nodeCount).initialize(to: curl_slist(data: text + textCount, next: nil))
    nodeCount += 1
  }

  private func reserve(_ room: Int) {
    guard textCount + room > textCapacity else { return }
    let capacity = max((textCount + room) * 2, 2048)
    let grown = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    if let text = unsafe text {
      unsafe grown.update(from: text, count: textCount)
      for index in 0..<nodeCount {
        if let nodes = unsafe nodes { unsafe nodes[index].data = grown + (nodes[index].data - text) }
      }
      unsafe text.deallocate()
    }
    unsafe text = grown
    textCapacity = capacity
  }

  private func put(_ byte: UInt8) {
    guard let text = unsafe text else { return }
    unsafe text[textCount] = CChar(bitPattern: byte)
    textCount += 1
  }

  private func put(_ string: String) {
    var string = string
    string.withUTF8 { unsafe put(UnsafeRawBufferPointer($0)) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) {
    guard let text = unsafe text, let base = bytes.baseAddress else { return }
    unsafe memcpy(text + textCount, base, bytes.count)
    textCount += bytes.count
  }
}
