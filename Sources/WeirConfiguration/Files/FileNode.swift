import Yams

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

  /// Copies what Yams read.
  init(_ node: Node, line: Int, maximumValues: Int = FileNode.maximumValues) throws(Fault) {
    var budget = maximumValues
    try self.init(node, line: line, &budget)
  }

  private init(_ node: Node, line: Int, _ budget: inout Int) throws(Fault) {
    budget -= 1
    guard budget >= 0 else { throw .tooMany }
    self.line = node.mark?.line ?? line
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let isNull = isPlain && FileNode.nulls.contains(scalar.string)
      content = isNull ? .nothing : .text(scalar.string, isPlain: isPlain)
    case .sequence(let sequence):
      var items: [FileNode] = []
      for item in sequence { items.append(try FileNode(item, line: line, &budget)) }
      content = .list(items)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        let keyLine = key.mark?.line ?? line
        guard let name = key.scalar?.string else { throw .keyIsNoText(line: keyLine) }
        entries.append(
          Entry(key: name, line: keyLine, value: try FileNode(value, line: keyLine, &budget)))
      }
      content = .group(entries)
    case .alias:
      content = .nothing
    }
  }

  /// YAML 1.2's null in its spellings.
  static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]

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
