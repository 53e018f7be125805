import WeirPolicy

/// `models` as the file says it, names not yet held against the catalog.
struct ModelsSection {
  var catalog: [CatalogEntry] = []
  var allow: [Located<String>] = []
  var deny: [Located<String>] = []
  /// Nil where the file says nothing.
  var routes: RoutesSection?
}

/// `models.routes` as the file says it.
struct RoutesSection {
  var isEnabled = true
  var routesByLength = false
  /// Nil where the file names none.
  var candidates: [Located<String>]?
  var tasks: [String: Located<Set<ModelCapability>>] = [:]
  let field: SectionField
}

extension SectionReader {
  mutating func models(_ field: SectionField?) -> ModelsSection {
    var section = ModelsSection()
    guard let field else { return section }
    let fields = fields(of: field, in: .models)
    section.catalog = catalog(fields["catalog"])
    section.allow = names(fields["allow"])
    section.deny = names(fields["deny"])
    refuseEmptyAllow(field)
    section.routes = fields["routes"].map { routes($0) }
    return section
  }

  /// An allow list whose entries were all taken out must not turn into one that allows everything.
  private mutating func refuseEmptyAllow(_ field: SectionField) {
    guard case .group(let entries) = field.node.content,
      let allow = entries.first(where: { $0.key == "allow" })
    else { return }
    switch allow.value.content {
    case .nothing: break
    case .list(let items) where items.isEmpty: break
    case .text, .list, .group: return
    }
    report(
      line: allow.line, key: "\(field.key).allow", "the list allows nothing",
      fix: "name models, or leave the key out to allow all")
  }

  /// Model names or patterns with their lines.
  mutating func names(_ field: SectionField?) -> [Located<String>] {
    guard let field else { return [] }
    if case .list(let items) = field.node.content, items.count > SectionReader.maximumPatterns {
      report(
        field, "the list has \(items.count) entries",
        fix: "keep at most \(SectionReader.maximumPatterns), and use patterns such as openai/*")
      return []
    }
    return values(field, ValueParsers.model).map { Located(value: $0.value, key: field.key, line: $0.line) }
  }

  private mutating func routes(_ field: SectionField) -> RoutesSection {
    let fields = fields(of: field, in: .routes)
    var section = RoutesSection(field: field)
    section.isEnabled = value(fields["enabled"], ValueParsers.boolean) ?? true
    section.routesByLength = value(fields["by_length"], ValueParsers.boolean) ?? false
    if let candidates = fields["candidates"] { section.candidates = names(candidates) }
    for task in entries(of: fields["tasks"]) {
      do throws(ValueProblem) {
        let name = try ValueParsers.name(task.name)
        section.tasks[name] = Located(value: capabilities(task), key: task.key, line: task.line)
      } catch {
        report(task, error.what, fix: error.fix)
      }
    }
    return section
  }
}
