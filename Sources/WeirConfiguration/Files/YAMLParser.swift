import CWeirYAML

/// Makes the values of a YAML text of libyaml's events (https://yaml.org/spec/1.1).
@safe struct YAMLParser: ~Copyable {
  private let reader: OpaquePointer
  /// The latest of each name.
  private var anchors: [String: YAMLNode] = [:]

  /// Deeper nesting is refused: each level takes some of the thread's stack.
  private static let maximumDepth = 1_000

  /// The value of a text in UTF-8, which may hold one document; nil where it holds nothing.
  static func root(of bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
    do {
      return try unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let reader = unsafe weir_yaml_open(bytes.baseAddress, bytes.count) else { throw YAMLError.noMemory }
        var parser = unsafe YAMLParser(reader: reader)
        return try parser.root()
      }
    } catch let error as YAMLError { throw error } catch { throw .noMemory }
  }

  private init(reader: OpaquePointer) { unsafe self.reader = unsafe reader }

  deinit { unsafe weir_yaml_close(reader) }

  /// What the text goes on with.
  private enum Event {
    case border, end, sequence, mapping, close, alias
    case scalar(String, isPlain: Bool)
  }

  private struct Token {
    let event: Event
    let line: Int
    let anchor: String?
  }

  private mutating func root() throws(YAMLError) -> YAMLNode? {
    // The begin of the text, then of its document.
    _ = try next()
    if case .end = try next().event { return nil }
    let root = try node(next(), depth: 0)
    // The end of the document.
    _ = try next()
    let last = try next()
    guard case .end = last.event else { throw .invalid("but found another document", line: last.line) }
    return root
  }

  private mutating func node(_ token: Token, depth: Int) throws(YAMLError) -> YAMLNode {
    guard depth < Self.maximumDepth else { throw Self.tooDeep(token) }
    let content: YAMLNode.Content
    switch token.event {
    case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
    case .sequence: content = .sequence(try items(depth))
    case .mapping: content = .mapping(try entries(depth))
    case .alias:
      guard let node = token.anchor.flatMap({ anchors[$0] }) else {
        throw .invalid("found undefined alias", line: token.line)
      }
      return node
    // libyaml's grammar has no value here.
    case .border, .end, .close: throw .invalid("there is no value", line: token.line)
    }
    let node = YAMLNode(content: content, line: token.line)
    // An alias brings levels that are not written out here.
    guard node.height <= Self.maximumDepth else { throw Self.tooDeep(token) }
    // Only now, so that nothing holds itself.
    if let anchor = token.anchor { anchors[anchor] = node }
    return node
  }

  private static func tooDeep(_ token: Token) -> YAMLError {
    .invalid("it is nested more than \(maximumDepth) levels deep", line: token.line)
  }

  private mutating func items(_ depth: Int) throws(YAMLError) -> [YAMLNode] {
    var items: [YAMLNode] = []
    while true {
      let token = try next()
      if case .close = token.event { return items }
      items.append(try node(token, depth: depth + 1))
    }
  }

  private mutating func entries(_ depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    while true {
      let token = try next()
      if case .close = token.event { break }
      let key = try node(token, depth: depth + 1)
      entries.append(YAMLNode.Entry(key: key, value: try node(next(), depth: depth + 1)))
    }
    try Self.requireOnce(entries)
    return entries
  }

  private static func requireOnce(_ entries: [YAMLNode.Entry]) throws(YAMLError) {
    var lines: [String: Int] = [:]
    var repeated: Set<String> = []
    for entry in entries {
      guard let name = entry.key.text else { continue }
      if lines[name] == nil { lines[name] = entry.key.line } else { repeated.insert(name) }
    }
    let names = repeated.sorted()
    if let line = names.first.flatMap({ lines[$0] }) { throw .repeatedKeys(names, line: line) }
  }

  private borrowing func next() throws(YAMLError) -> Token {
    let read = unsafe weir_yaml_next(reader)
    let line = Int(clamping: unsafe read.line)
    let event: Event
    switch unsafe read.kind {
    case WEIR_YAML_END: event = .end
    case WEIR_YAML_SCALAR: event = .scalar(Self.withoutMark(unsafe Self.text(read)), isPlain: unsafe read.is_plain != 0)
    case WEIR_YAML_ALIAS: event = .alias
    case WEIR_YAML_SEQUENCE: event = .sequence
    case WEIR_YAML_MAPPING: event = .mapping
    case WEIR_YAML_CLOSE: event = .close
    case WEIR_YAML_INVALID: throw .invalid(unsafe Self.text(read), line: line)
    case WEIR_YAML_UNREADABLE: throw .unreadable(unsafe Self.text(read), offset: Int(clamping: unsafe read.offset))
    case WEIR_YAML_NO_MEMORY: throw .noMemory
    default: event = .border
    }
    return Token(event: event, line: line, anchor: unsafe read.anchor.map { unsafe String(cString: $0) })
  }

  /// A byte order mark within the text is left from a file that was put into another, and belongs to no value.
  private static func withoutMark(_ text: String) -> String {
    text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  private static func text(_ event: weir_yaml_event) -> String {
    let bytes = unsafe UnsafeRawBufferPointer(start: event.text, count: event.length)
    return unsafe String(decoding: bytes, as: UTF8.self)
  }
}
