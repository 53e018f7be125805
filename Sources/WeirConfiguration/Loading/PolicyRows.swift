import WeirPolicy

/// The sections in effect, as `weir check` prints them.
enum PolicyRows {
  static func rows(
    _ models: ModelsSection, _ placed: [PlacedRollout], _ routes: TaskRoutes?, path: String
  ) -> [EffectiveValue] {
    var rows = models.catalog.map { entry in
      row(entry.field.key, summary(entry), .file(path: path, line: entry.field.line))
    }
    rows.append(row("models.catalog", "\(BuiltInModels.all.count) built-in models", .builtIn))
    for (name, list) in [("models.allow", models.allow), ("models.deny", models.deny)] {
      let text = list.map(\.value).joined(separator: ",")
      rows.append(row(name, text, list.first.map { .file(path: path, line: $0.line) } ?? .builtIn))
    }
    rows += routeRows(models.routes, routes, path)
    return rows + placed.map { row("rollouts[\($0.rollout.name)]", summary($0.rollout), $0.shareOrigin) }
  }

  private static func routeRows(
    _ section: RoutesSection?, _ routes: TaskRoutes?, _ path: String
  ) -> [EffectiveValue] {
    let origin = section.map { ValueOrigin.file(path: path, line: $0.field.line) } ?? .builtIn
    guard let routes else { return [row("models.routes", "off", origin)] }
    let candidates = section?.candidates.map { $0.map(\.value).joined(separator: ",") }
    let tasks = section?.tasks ?? [:]
    return [
      row("models.routes.candidates", candidates ?? "all \(routes.candidates.count) models", origin),
      row("models.routes.by_length", "\(section?.routesByLength ?? false)", origin),
    ]
      + tasks.sorted { $0.key < $1.key }.map { name, task in
        row(
          task.key, task.value.map(\.rawValue).sorted().joined(separator: ","),
          .file(path: path, line: task.line))
      }
  }

  private static func summary(_ entry: CatalogEntry) -> String {
    let model = entry.model
    var parts: [String] = []
    if !model.aliases.isEmpty { parts.append("aliases " + model.aliases.joined(separator: ",")) }
    if let window = model.contextWindow { parts.append("context \(window)") }
    if let prices = model.prices { parts.append("USD/1M \(prices.input) in, \(prices.output) out") }
    if !model.parameterRules.isEmpty { parts.append("\(model.parameterRules.count) parameter rules") }
    if model.systemPromptAddition != nil { parts.append("system prompt") }
    if !model.upstreams.isEmpty { parts.append("upstreams " + model.upstreams.joined(separator: ",")) }
    if !entry.fallbacks.isEmpty {
      parts.append("fallbacks " + entry.fallbacks.map(\.value).joined(separator: ","))
    }
    if let retry = entry.retry { parts.append(retry.summary) }
    return parts.isEmpty ? model.name : parts.joined(separator: "; ")
  }

  private static func summary(_ rollout: Rollout) -> String {
    let variants = rollout.variants.map { variant in
      "\(variant.name) \(Percent.text(hundredths: variant.share))% \(variant.model)"
        + (variant.isEnabled ? "" : " (off)")
    }
    var text = variants.joined(separator: ", ") + " from " + rollout.from.joined(separator: ",")
    if !rollout.pins.isEmpty { text += "; \(rollout.pins.count) users pinned" }
    if rollout.allowsOverride { text += "; override allowed" }
    return rollout.isEnabled ? text : "off: " + text
  }

  private static func row(_ name: String, _ text: String, _ origin: ValueOrigin) -> EffectiveValue {
    .row(name, text, origin)
  }
}
