/// A value of a YAML text. What an alias stands for is there once more, sharing its memory.
struct YAMLNode: Sendable {
  /// The shapes that a value may have.
  indirect enum Content: Sendable {
    /// `isPlain` is false where quotes or a block make it text, whatever it looks like.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  /// One key with its value, in the text's order.
  struct Entry: Sendable {
    let key: YAMLNode
    let value: YAMLNode
  }

  let content: Content
  /// How many levels it has, those of aliases included: each takes some of the stack of whoever goes through it.
  let height: Int
  /// Where it begins, counted from 1; for an alias, where that begins which it stands for.
  let line: Int

  init(content: Content, line: Int) {
    self.content = content
    self.line = line
    height =
      switch content {
      case .scalar: 1
      case .sequence(let items): 1 + (items.lazy.map(\.height).max() ?? 0)
      case .mapping(let entries): 1 + (entries.lazy.map { max($0.key.height, $0.value.height) }.max() ?? 0)
      }
  }

  /// A single value's text.
  var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  var mapping: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// YAML 1.2's null in its spellings; quoted text is never null.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return Self.nulls.contains(text)
  }

  private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]
}

/// Why a text is not taken for YAML.
enum YAMLError: Error, Equatable {
  /// In the parser's words, which show nothing of the text.
  case invalid(String, line: Int)
  /// The byte at an offset may not be in YAML.
  case unreadable(String, offset: Int)
  /// Keys that one mapping has more than once, in their order, and where the first of them is first.
  case repeatedKeys([String], line: Int)
  case noMemory
}
