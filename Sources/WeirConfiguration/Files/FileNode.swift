/// A value of the YAML file with its line; what an alias stands for is written out.
struct FileNode: Sendable {
  /// The shapes that a value may have.
  indirect enum Content: Sendable {
    /// A key without a value, or `null`.
    case nothing
    /// `isPlain` is false where quotes or a block make it text, whatever it looks like.
    case text(String, isPlain: Bool)
    case list([FileNode])
    case group([Entry])
  }

  /// One key of a group, in the file's order.
  struct Entry: Sendable {
    let key: String
    let line: Int
    let value: FileNode
  }

  let content: Content
  /// Counted from 1.
  let line: Int

  /// The most values that one section may hold. Aliases repeat what they stand for, so a small file could
  /// otherwise ask for any amount of work.
  static let maximumValues = 100_000

  /// Why a value cannot be read.
  enum Fault: Error, Equatable {
    case tooMany
    case keyIsNoText(line: Int)
  }

  init(_ content: Content, line: Int) {
    self.content = content
    self.line = line
  }

  /// Copies what the parser read.
  init(_ node: YAMLNode, maximumValues: Int = FileNode.maximumValues) throws(Fault) {
    var budget = maximumValues
    try self.init(node, &budget)
  }

  private init(_ node: YAMLNode, _ budget: inout Int) throws(Fault) {
    budget -= 1
    guard budget >= 0 else { throw .tooMany }
    line = node.line
    switch node.content {
    case .scalar(let text, let isPlain): content = node.isNull ? .nothing : .text(text, isPlain: isPlain)
    case .sequence(let sequence):
      var items: [FileNode] = []
      for item in sequence { items.append(try FileNode(item, &budget)) }
      content = .list(items)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for entry in mapping {
        guard let name = entry.key.text else { throw .keyIsNoText(line: entry.key.line) }
        entries.append(Entry(key: name, line: entry.key.line, value: try FileNode(entry.value, &budget)))
      }
      content = .group(entries)
    }
  }

  /// What a message calls the shape.
  var kind: String {
    switch content {
    case .nothing: "nothing"
    case .text: "a single value"
    case .list: "a list"
    case .group: "a group of keys"
    }
  }
}
