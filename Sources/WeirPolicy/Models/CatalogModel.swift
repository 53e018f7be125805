/// One model that weir knows: what it is called, what a model picker shows, what it costs and what it takes.
public struct CatalogModel: Sendable, Equatable {
  /// What the upstream calls it, without a suffix: `moonshotai/kimi-k2`.
  public var id: String
  /// Names that are rewritten to `id`: exact, or a prefix followed by `*`.
  public var aliases: [String]
  /// Names that mean this model and go upstream as the client wrote them: `gpt-4` for `openai/gpt-4`.
  public var spellings: [String]
  /// What people call it.
  public var name: String
  /// Who makes it: `moonshot`, `openai`, `anthropic`.
  public var provider: String
  /// The heading of a model picker: `standard`, `reasoning`.
  public var category: String
  /// One sentence for a model picker.
  public var description: String
  /// A short mark for a model picker, such as `NEW`.
  public var badge: String?
  /// What the price means, in words.
  public var costInfo: String?
  /// The largest prompt and completion together, in tokens; nil when not known.
  public var contextWindow: Int?
  /// Nil when not known.
  public var prices: ModelPrices?
  /// Whether the configuration names the prices: then no upstream's price list changes them.
  public var hasConfiguredPrices = false
  /// What routing by task may ask of it.
  public var capabilities: Set<ModelCapability>
  /// What to put in, rename, scale, clamp or drop; in this order.
  public var parameterRules: [ParameterRule]
  /// The model takes one temperature only, so none is ever filled in.
  public var hasFixedTemperature: Bool
  /// Added to the system prompt; nil (the default) leaves prompts alone.
  public var systemPromptAddition: String?
  /// The upstreams that serve it, best first; empty means the default one.
  public var upstreams: [String]
  /// Whether the kill switch and the Kimi settings mean this model.
  public var isKimi: Bool

  /// Describes a model; what is not said is empty, unknown or, for `isKimi`, read off the id.
  public init(
    id: String, aliases: [String] = [], spellings: [String] = [], name: String? = nil, provider: String = "",
    category: String = "standard", description: String = "", badge: String? = nil, costInfo: String? = nil,
    contextWindow: Int? = nil, prices: ModelPrices? = nil, capabilities: Set<ModelCapability> = [],
    parameterRules: [ParameterRule] = [], hasFixedTemperature: Bool = false,
    systemPromptAddition: String? = nil, upstreams: [String] = [], isKimi: Bool? = nil
  ) {
    self.id = id
    self.aliases = aliases
    self.spellings = spellings
    self.name = name ?? id
    self.provider = provider
    self.category = category
    self.description = description
    self.badge = badge
    self.costInfo = costInfo
    self.contextWindow = contextWindow
    self.prices = prices
    self.capabilities = capabilities
    self.parameterRules = parameterRules
    self.hasFixedTemperature = hasFixedTemperature
    self.systemPromptAddition = systemPromptAddition
    self.upstreams = upstreams
    self.isKimi = isKimi ?? ModelName.namesKimi(id)
  }

  /// The tool-use instructions of the seeds, as a named example for `systemPromptAddition`; on nowhere by default.
  public static let toolUseInstructions = """
    When using tools:
    - Be precise with tool parameters
    - Prefer single-purpose tool calls over complex chains
    - Always validate tool outputs before proceeding
    """
}
