extension SectionReader {
  /// The most headers of one upstream.
  static let maximumHeaders = 32

  /// `headers`: names and values. Neither an invalid name nor any value is shown: a key may have been written in the
  /// wrong place.
  mutating func headers(_ field: SectionField?) -> [Located<Configuration.Header>] {
    guard let field else { return [] }
    let entries = entries(of: field)
    if entries.count > SectionReader.maximumHeaders {
      report(field, "there are \(entries.count) headers", fix: "keep at most \(SectionReader.maximumHeaders)")
      return []
    }
    var names: Set<String> = []
    return entries.compactMap { entry in
      do throws(ValueProblem) {
        let name = try ValueParsers.headerName(entry.name)
        guard names.insert(name.lowercased()).inserted else {
          throw ValueProblem("the header \(name) is given twice", fix: "keep one")
        }
        guard let value = value(entry, ValueParsers.headerValue) else { return nil }
        return Located(value: Configuration.Header(name: name, value: value), key: entry.key, line: entry.line)
      } catch {
        report(line: entry.line, key: field.key, error.what, fix: error.fix)
        return nil
      }
    }
  }
}
