import WeirPolicy

/// Moonshot's own API as an upstream: `MOONSHOT_API_KEY` is enough to have it.
enum MoonshotUpstream {
  /// What the configuration, headers and metrics call it.
  static let id = "moonshot"

  /// The built-in Kimi models, which bear OpenRouter's ids, and what platform.kimi.ai/docs calls them. Moonshot retired
  /// the first K2 models in 2026; the general-purpose model of the family takes their requests.
  private static let names = [
    "moonshotai/kimi-k2": "kimi-k2.6",
    "moonshotai/kimi-k2-0905": "kimi-k2.6",
    "moonshotai/kimi-k2-thinking": "kimi-k2.6",
    "moonshotai/kimi-k2.5": "kimi-k2.5",
    "moonshotai/kimi-k2.6": "kimi-k2.6",
    "moonshotai/kimi-k2.7-code": "kimi-k2.7-code",
  ]

  /// What Moonshot calls the catalog's models, by every name under which weir would send them. Kimi models that the
  /// operator added with OpenRouter's author lose that.
  static func modelNames(_ catalog: ModelCatalog) -> [String: String] {
    var all: [String: String] = [:]
    for model in catalog.models where model.isKimi {
      guard let name = name(of: model.id) else { continue }
      for spelling in model.sentNames { all[spelling] = name }
    }
    let alias = catalog.resolve(ModelCatalog.kimiAlias)
    if all[alias.upstreamID] == nil, let name = alias.catalogID.flatMap(name(of:)) { all[alias.upstreamID] = name }
    return all
  }

  private static func name(of id: String) -> String? {
    let author = "moonshotai/"
    if let name = names[id.lowercased()] { return name }
    return id.lowercased().hasPrefix(author) ? String(id.dropFirst(author.count)) : nil
  }
}

extension CatalogModel {
  /// The names under which it goes upstream: its id, and the spellings that stay as clients write them.
  var sentNames: [String] { [id] + spellings.filter { !$0.contains("*") } }
}
