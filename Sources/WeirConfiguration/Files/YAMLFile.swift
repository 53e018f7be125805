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
    guard let root = root(of: bytes) else { return }
    if let mapping = root.mapping {
      read(mapping, below: "")
    } else if !root.isNull {
      report(root.line, nil, "the file does not hold keys", "begin with a key, for example listen:")
    }
  }

  /// Reads a file that holds clients and nothing else, as the section `clients`.
  init(clients bytes: [UInt8], path: String) {
    self.path = path
    guard let root = root(of: bytes), !root.isNull else { return }
    guard root.mapping != nil else {
      report(root.line, nil, "the file does not hold clients", "write one name and its keys a line")
      return
    }
    keepSection(root, named: YAMLFile.clientsKey, at: YAMLFile.clientsKey, line: root.line)
  }

  /// Nil for an empty file, and with a problem for one that is not YAML.
  private mutating func root(of bytes: [UInt8]) -> YAMLNode? {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      report(nil, nil, "the file is not UTF-8", "save it as UTF-8")
      return nil
    }
    do throws(YAMLError) {
      return try YAMLParser.root(of: bytes)
    } catch {
      report(error, in: text)
      return nil
    }
  }

  /// The section of clients, and what a file of them is read as.
  static let clientsKey = "clients"
  /// A client has up to a dozen values.
  private static let maximumClientValues = 1_000_000

  private mutating func read(_ mapping: [YAMLNode.Entry], below prefix: String) {
    for entry in mapping {
      let (line, value) = (entry.key.line, entry.value)
      guard let name = entry.key.text else {
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
  private mutating func readOpenSection(_ value: YAMLNode, named name: String, at key: String, line: Int) {
    keepSection(value, named: name, at: key, line: line)
    for inner in value.mapping ?? [] {
      let path = "\(key).\(inner.key.text ?? "")"
      guard let entry = Settings.byYAMLPath[path], inner.value.text != nil else { continue }
      readValue(inner.value, of: entry, at: path, line: inner.key.line)
    }
  }

  private mutating func readSection(_ value: YAMLNode, at key: String, line: Int) {
    if let inner = value.mapping { return read(inner, below: key) }
    guard !value.isNull else { return }
    let inside = (Settings.all.compactMap(\.yamlPath) + SectionKeys.sectionPaths.sorted())
      .filter { $0.hasPrefix(key + ".") }.map { String($0.dropFirst(key.count + 1)) }
    report(
      line, key, "a value stands where keys belong",
      "indent the keys below it, such as \(inside.joined(separator: ", "))")
  }

  /// Keeps a section for its own reader.
  private mutating func keepSection(_ value: YAMLNode, named name: String, at key: String, line: Int) {
    let maximum = key == YAMLFile.clientsKey ? YAMLFile.maximumClientValues : FileNode.maximumValues
    do throws(FileNode.Fault) {
      let node = try FileNode(value, maximumValues: maximum)
      if case .nothing = node.content { return }
      sections[key] = SectionField(name: name, key: key, line: line, node: node)
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

  private mutating func readValue(_ value: YAMLNode, of entry: SettingEntry, at key: String, line: Int) {
    guard !value.isNull else { return }
    let content: RawContent
    switch (value.content, entry.shape) {
    case (.scalar(let text, _), _): content = .text(text)
    case (.sequence(let sequence), .list):
      let items = sequence.compactMap(\.text)
      guard items.count == sequence.count else {
        return report(line, key, "an entry of the list is not plain text", "write one value an entry")
      }
      content = .items(items)
    default:
      return report(line, key, "the value is \(YAMLFile.kind(value))", YAMLFile.remedy(entry))
    }
    values[key] = RawValue(content: content, origin: .file(path: path, line: line), key: key)
  }

  private static func kind(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar: "a single value"
    case .mapping: "a group of keys"
    case .sequence: "a list"
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
  private mutating func report(_ error: YAMLError, in text: String) {
    let fix = "see the YAML file's form in the reference"
    switch error {
    case .invalid(let problem, let line): report(line, nil, "the file is not valid YAML: \(problem)", fix)
    case .unreadable(let problem, let offset):
      let place = text.utf8.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex)?.samePosition(in: text)
      let line = place.map { 1 + text[..<$0].lazy.filter(\.isNewline).count }
      report(line, nil, "the file is not valid YAML: \(problem)", fix)
    case .repeatedKeys(let names, let line):
      for name in names { report(line, name, "the key is given more than once", "keep one of them") }
    case .noMemory: report(nil, nil, "the file is not valid YAML", fix)
    }
  }

  private mutating func report(_ line: Int?, _ key: String?, _ what: String, _ fix: String) {
    problems.append(ConfigurationProblem(.error, source: path, line: line, key: key, what: what, fix: fix))
  }
}
