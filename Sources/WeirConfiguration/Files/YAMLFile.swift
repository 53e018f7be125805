import Yams

/// A setting's value as a source holds it.
struct RawValue: Equatable {
  let content: RawContent
  let origin: ValueOrigin
  /// The variable or YAML path under which it was found: what problems call it.
  let key: String
}

/// The YAML configuration file, checked against the registry: every key is known, occurs once, and has the
/// shape of its setting. Values themselves are parsed later, like those of any other source.
struct YAMLFile {
  /// By YAML path; keys without a value are left out, as if they were not there.
  private(set) var values: [String: RawValue] = [:]
  /// By YAML path: what only this file can say.
  private(set) var sections: [String: SectionField] = [:]
  private(set) var problems: [ConfigurationProblem] = []

  /// Empty where there is no file.
  let path: String

  /// Nothing: there is no such file.
  init() {
    path = ""
  }

  /// Reads all of `bytes`. A file that is not YAML, or repeats a key, gives problems and no values.
  init(_ bytes: [UInt8], path: String) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      report(nil, nil, "the file is not UTF-8", "save it as UTF-8")
      return
    }
    do {
      // The encoding is given because Yams would otherwise look for it in the environment.
      guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else { return }
      if let mapping = root.mapping {
        read(mapping, below: "")
      } else if !YAMLFile.isNull(root) {
        report(root.mark?.line, nil, "the file does not hold keys", "begin with a key, for example listen:")
      }
    } catch {
      report(error, in: text)
    }
  }

  /// Reads a file that holds clients and nothing else, as the section `clients`.
  init(clients bytes: [UInt8], path: String) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      report(nil, nil, "the file is not UTF-8", "save it as UTF-8")
      return
    }
    do {
      guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot(), !YAMLFile.isNull(root) else { return }
      guard root.mapping != nil else {
        report(root.mark?.line, nil, "the file does not hold clients", "write one name and its keys a line")
        return
      }
      keepSection(root, named: YAMLFile.clientsKey, at: YAMLFile.clientsKey, line: root.mark?.line)
    } catch {
      report(error, in: text)
    }
  }

  /// The section of clients, and what a file of them is read as.
  static let clientsKey = "clients"
  /// A client has up to a dozen values.
  private static let maximumClientValues = 1_000_000

  private mutating func read(_ mapping: Node.Mapping, below prefix: String) {
    for (keyNode, value) in mapping {
      let line = keyNode.mark?.line
      guard let name = keyNode.scalar?.string else {
        report(line, nil, "a key is not plain text", "use the keys of the reference")
        continue
      }
      let key = prefix.isEmpty ? name : "\(prefix).\(name)"
      let isDotted = name.contains(".")
      if SectionKeys.openSections.contains(key), !isDotted {
        readOpenSection(value, named: name, at: key, line: line)
      } else if let entry = Settings.byYAMLPath[key], !isDotted {
        readValue(value, of: entry, at: key, line: line)
      } else if Settings.yamlSections.contains(key), !isDotted {
        readSection(value, at: key, line: line)
      } else if SectionKeys.sectionPaths.contains(key), !isDotted {
        keepSection(value, named: name, at: key, line: line)
      } else {
        report(line, key, "there is no such key", UnknownNames.fix(forYAMLKey: key))
      }
    }
  }

  /// The keys are the operator's own, but for the settings among them.
  private mutating func readOpenSection(_ value: Node, named name: String, at key: String, line: Int?) {
    keepSection(value, named: name, at: key, line: line)
    for (keyNode, inner) in value.mapping ?? [:] {
      let path = "\(key).\(keyNode.scalar?.string ?? "")"
      guard let entry = Settings.byYAMLPath[path], inner.scalar != nil else { continue }
      readValue(inner, of: entry, at: path, line: keyNode.mark?.line)
    }
  }

  private mutating func readSection(_ value: Node, at key: String, line: Int?) {
    if let inner = value.mapping { return read(inner, below: key) }
    guard !YAMLFile.isNull(value) else { return }
    let inside = (Settings.all.compactMap(\.yamlPath) + SectionKeys.sectionPaths.sorted())
      .filter { $0.hasPrefix(key + ".") }.map { String($0.dropFirst(key.count + 1)) }
    report(
      line, key, "a value stands where keys belong",
      "indent the keys below it, such as \(inside.joined(separator: ", "))")
  }

  /// Keeps a section for its own reader.
  private mutating func keepSection(_ value: Node, named name: String, at key: String, line: Int?) {
    let maximum = key == YAMLFile.clientsKey ? YAMLFile.maximumClientValues : FileNode.maximumValues
    do throws(FileNode.Fault) {
      let node = try FileNode(value, line: line ?? 1, maximumValues: maximum)
      if case .nothing = node.content { return }
      sections[key] = SectionField(name: name, key: key, line: line ?? node.line, node: node)
    } catch {
      switch error {
      case .tooMany:
        report(
          line, key, "the section holds more than \(maximum) values, aliases written out",
          "remove what is not needed")
      case .keyIsNoText(let line):
        report(line, key, "a key is not plain text", "use the keys of the reference")
      }
    }
  }

  private mutating func readValue(_ value: Node, of entry: SettingEntry, at key: String, line: Int?) {
    guard !YAMLFile.isNull(value) else { return }
    let content: RawContent
    switch (value, entry.shape) {
    case (.scalar(let scalar), _): content = .text(scalar.string)
    case (.sequence(let sequence), .list):
      let items = sequence.compactMap(\.scalar?.string)
      guard items.count == sequence.count else {
        return report(line, key, "an entry of the list is not plain text", "write one value an entry")
      }
      content = .items(items)
    default:
      return report(line, key, "the value is \(YAMLFile.kind(value))", YAMLFile.remedy(entry))
    }
    values[key] = RawValue(content: content, origin: .file(path: path, line: line ?? 1), key: key)
  }

  /// YAML 1.2's null in its spellings; quoted text is never null.
  private static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return FileNode.nulls.contains(scalar.string)
  }

  private static func kind(_ node: Node) -> String {
    switch node {
    case .scalar: "a single value"
    case .mapping: "a group of keys"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  private static func remedy(_ entry: SettingEntry) -> String {
    switch entry.shape {
    case .scalar: "give one value: \(entry.typeName)"
    case .list: "give a list, or one text: \(entry.typeName)"
    }
  }
}

extension YAMLFile {
  /// The parser's own words and the line, but never its excerpt of the file: that may show a key.
  private mutating func report(_ error: any Error, in text: String) {
    let fix = "see the YAML file's form in the reference"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      report(mark.line, nil, "the file is not valid YAML: \(problem)", fix)
    case .reader(let problem, let offset, _, _):
      let line = offset.map { 1 + text.prefix($0).lazy.filter(\.isNewline).count }
      report(line, nil, "the file is not valid YAML: \(problem)", fix)
    case .duplicatedKeysInMapping(let names, let context):
      for name in names.sorted() {
        report(context.mark.line, name, "the key is given more than once", "keep one of them")
      }
    default:
      report(nil, nil, "the file is not valid YAML", fix)
    }
  }

  private mutating func report(_ line: Int?, _ key: String?, _ what: String, _ fix: String) {
    problems.append(ConfigurationProblem(.error, source: path, line: line, key: key, what: what, fix: fix))
  }
}
