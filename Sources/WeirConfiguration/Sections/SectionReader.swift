/// A value of a section with the name under which problems speak of it.
struct SectionField {
  /// The last part of `key`.
  let name: String
  /// `rollouts[kimi].variants[2].percent`: list entries by name where they have one, else counted from 1.
  let key: String
  let line: Int
  let node: FileNode

  /// False where keys belong and something else stands: that is reported once.
  var isGroup: Bool {
    guard case .group = node.content else { return false }
    return true
  }
}

/// Reads sections of the YAML file against the registry and gathers every problem on the way.
struct SectionReader {
  let path: String
  private(set) var problems: [ConfigurationProblem] = []

  init(path: String) {
    self.path = path
  }

  mutating func report(_ field: SectionField, _ what: String, fix: String) {
    report(line: field.line, key: field.key, what, fix: fix)
  }

  mutating func report(line: Int, key: String, _ what: String, fix: String) {
    problems.append(ConfigurationProblem(.error, source: path, line: line, key: key, what: what, fix: fix))
  }

  /// The keys of a group by name, those without a value left out; reports unknown and missing ones.
  mutating func fields(of field: SectionField, in group: SectionGroup) -> [String: SectionField] {
    let keys = SectionKeys.keys(in: group)
    let names = keys.map(\.name)
    guard case .group = field.node.content else {
      report(
        field, "\(field.node.kind) stands where keys belong",
        fix: "indent the keys below it: \(names.joined(separator: ", "))")
      return [:]
    }
    var fields: [String: SectionField] = [:]
    for inner in entries(of: field) {
      if names.contains(inner.name) {
        fields[inner.name] = inner
      } else {
        report(
          inner, "there is no such key",
          fix: NearestName.of(inner.name, among: names).map { "did you mean \($0)?" } ?? "remove it")
      }
    }
    for key in keys where key.isRequired && fields[key.name] == nil {
      report(field, "\(key.name) is missing", fix: "give \(key.name): \(key.doc.lowercasedFirst)")
    }
    return fields
  }

  /// The entries of a group whose keys are the operator's own; empty for other shapes, which are reported.
  mutating func entries(of field: SectionField?) -> [SectionField] {
    guard let field else { return [] }
    guard case .group(let entries) = field.node.content else {
      report(field, "\(field.node.kind) stands where keys belong", fix: "write one name: value a line")
      return []
    }
    return entries.compactMap { entry in
      if case .nothing = entry.value.content { return nil }
      return SectionField(
        name: entry.key, key: "\(field.key).\(entry.key)", line: entry.line, node: entry.value)
    }
  }

  /// The entries of a list of groups, each called by its `name` key where it has one.
  mutating func elements(of field: SectionField?, namedBy naming: String) -> [SectionField] {
    guard let field else { return [] }
    guard case .list(let items) = field.node.content else {
      report(field, "\(field.node.kind) stands where a list belongs", fix: "begin each entry with a dash")
      return []
    }
    return items.enumerated().map { index, item in
      let name = item.text(ofKey: naming) ?? "\(index + 1)"
      return SectionField(name: name, key: "\(field.key)[\(name)]", line: item.line, node: item)
    }
  }

  /// One value; nil when absent or wrong.
  mutating func value<Value>(
    _ field: SectionField?, _ parse: (String) throws(ValueProblem) -> Value
  ) -> Value? {
    guard let field else { return nil }
    guard case .text(let text, _) = field.node.content else {
      report(field, "the value is \(field.node.kind)", fix: "give one value")
      return nil
    }
    do throws(ValueProblem) {
      return try parse(ASCII.trimmed(text))
    } catch {
      report(field, error.what, fix: error.fix)
      return nil
    }
  }

  /// A list of values with their lines, wrong ones left out; one text is split at its commas.
  mutating func values<Value>(
    _ field: SectionField?, _ parse: (String) throws(ValueProblem) -> Value
  ) -> [(value: Value, line: Int)] {
    guard let field else { return [] }
    let items: [FileNode]
    switch field.node.content {
    case .list(let list): items = list
    case .text(let text, let isPlain):
      items = RawContent.text(text).items.map { FileNode(.text($0, isPlain: isPlain), line: field.line) }
    case .nothing, .group:
      report(field, "the value is \(field.node.kind)", fix: "give a list")
      return []
    }
    return items.compactMap { item in
      let inner = SectionField(name: field.name, key: field.key, line: item.line, node: item)
      return value(inner, parse).map { ($0, item.line) }
    }
  }
}

extension FileNode {
  /// The text of a key, when this is a group and has it.
  fileprivate func text(ofKey key: String) -> String? {
    guard case .group(let entries) = content,
      case .text(let text, _) = entries.first(where: { $0.key == key })?.value.content,
      ASCII.isVisible(text), (1...64).contains(text.utf8.count)
    else { return nil }
    return text
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
