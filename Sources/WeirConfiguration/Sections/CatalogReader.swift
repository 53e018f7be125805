import WeirPolicy

/// A model of the file, with the lines that problems name.
struct CatalogEntry {
  var model: CatalogModel
  let field: SectionField
  /// False where the spellings are those of the built-in model that it changes.
  let hasOwnSpellings: Bool
  var upstreams: [Located<String>] = []
  var fallbacks: [Located<String>] = []
  var retry: RetrySection?
}

extension SectionReader {
  /// The most models that a file may add, and the most patterns of one list: rules are held against each.
  static let maximumModels = 1000
  static let maximumPatterns = 500

  /// The models of `models.catalog`; wrong values are reported and left out, so that names can still be
  /// checked.
  mutating func catalog(_ field: SectionField?) -> [CatalogEntry] {
    let elements = elements(of: field, namedBy: "id")
    if let field, elements.count > SectionReader.maximumModels {
      report(field, "there are \(elements.count) models", fix: "keep at most \(SectionReader.maximumModels)")
      return []
    }
    var entries = elements.compactMap { catalogEntry($0) }
    // A name that another entry takes over is taken from a built-in model, not claimed twice.
    var owners: [String: String] = [:]
    for model in entries.map(\.model) {
      for alias in model.aliases { owners[alias.lowercased()] = model.id }
    }
    for index in entries.indices where !entries[index].hasOwnSpellings {
      let id = entries[index].model.id
      entries[index].model.spellings.removeAll { owners[$0.lowercased(), default: id] != id }
    }
    return entries
  }

  private mutating func catalogEntry(_ field: SectionField) -> CatalogEntry? {
    let fields = fields(of: field, in: .catalogModel)
    let upstreams = locatedValues(fields["upstreams"], ValueParsers.upstreamID)
    refuseEmpty(fields["upstreams"], "to use the default one")
    let fallbacks = names(fields["fallbacks"])
    refuseEmpty(fields["fallbacks"], "to have none")
    let retry = retry(fields["retry"], in: .modelRetry)
    guard let id = value(fields["id"], ValueParsers.modelID) else {
      describe(fields, CatalogModel(id: "unnamed"))
      return nil
    }
    var model = ModelCatalog.builtIn.model(id: id) ?? CatalogModel(id: id)
    model.id = id
    model.aliases.removeAll { $0 == ModelCatalog.kimiAlias }
    model.upstreams = upstreams.map(\.value)
    return CatalogEntry(
      model: describe(fields, model), field: field, hasOwnSpellings: fields["spellings"] != nil,
      upstreams: upstreams, fallbacks: fallbacks, retry: retry)
  }

  @discardableResult
  private mutating func describe(_ fields: [String: SectionField], _ base: CatalogModel) -> CatalogModel {
    var model = base
    if let field = fields["aliases"] { model.aliases = values(field, ValueParsers.alias).map(\.value) }
    if let field = fields["spellings"] { model.spellings = values(field, ValueParsers.alias).map(\.value) }
    model.name = value(fields["name"], ValueParsers.caption) ?? model.name
    model.provider = value(fields["provider"], ValueParsers.caption) ?? model.provider
    model.category = value(fields["category"], ValueParsers.caption) ?? model.category
    model.description = value(fields["description"], ValueParsers.caption) ?? model.description
    model.badge = value(fields["badge"], ValueParsers.caption) ?? model.badge
    model.costInfo = value(fields["cost_info"], ValueParsers.caption) ?? model.costInfo
    model.contextWindow =
      value(fields["context_window"]) { text throws(ValueProblem) in
        try ValueParsers.integer(text, in: 1...1_000_000_000)
      } ?? model.contextWindow
    if let prices = prices(fields["prices"], in: .prices) {
      model.prices = prices
      model.hasConfiguredPrices = true
    }
    if let field = fields["capabilities"] { model.capabilities = capabilities(field) }
    let defaults = defaults(fields["defaults"])
    let rules = parameterRules(fields["parameters"])
    if !defaults.isEmpty || !rules.isEmpty { model.parameterRules = defaults + rules }
    model.hasFixedTemperature =
      value(fields["fixed_temperature"], ValueParsers.boolean) ?? model.hasFixedTemperature
    model.systemPromptAddition = systemPrompt(fields["system_prompt"]) ?? model.systemPromptAddition
    model.isKimi = value(fields["kimi"], ValueParsers.boolean) ?? model.isKimi
    return model
  }

  mutating func capabilities(_ field: SectionField) -> Set<ModelCapability> {
    Set(
      values(field) { text throws(ValueProblem) in
        try ValueParsers.choice(text, of: ModelCapability.self)
      }.map(\.value))
  }

  /// US dollars per million tokens.
  mutating func prices(_ field: SectionField?, in group: SectionGroup) -> ModelPrices? {
    guard let field else { return nil }
    let fields = fields(of: field, in: group)
    func price(_ text: String) throws(ValueProblem) -> Double {
      try ValueParsers.jsonNumber(text, maximum: 1_000_000).value
    }
    let input = value(fields["input"], price)
    let output = value(fields["output"], price)
    let cached = value(fields["cached_input"], price)
    let reasoning = value(fields["reasoning"], price)
    guard let input, let output else { return nil }
    return ModelPrices(input: input, output: output, cached: cached, reasoning: reasoning)
  }

  private mutating func systemPrompt(_ field: SectionField?) -> String? {
    guard let field else { return nil }
    if case .text(let text, _) = field.node.content {
      let isShort = text.utf8.count <= ValueParsers.longestPrompt
      if !isShort {
        report(field, "the text is longer than \(ValueParsers.longestPrompt) bytes", fix: "shorten it")
      }
      return isShort && !text.isEmpty ? text : nil
    }
    return value(fields(of: field, in: .systemPrompt)["example"]) { text throws(ValueProblem) in
      guard text == "tool_use" else {
        throw ValueProblem("\(ValueProblem.quoted(text)) is not an example", fix: "did you mean tool_use?")
      }
      return CatalogModel.toolUseInstructions
    }
  }
}
