/// Everything that the steps of `RequestPath` decide by, made from one configuration and never changed.
public final class PolicySnapshot: Sendable {
  /// Who may use the proxy.
  public let clients: ClientDirectory
  /// Which models there are, and what their aliases mean.
  public let models: ModelCatalog
  /// What the models want done to the bodies of their requests.
  public let bodyRules: BodyRules
  /// Which models may be asked for.
  public let access: ModelAccess
  /// How the model `auto` finds its own; nil where that is switched off.
  public let routes: TaskRoutes?
  /// Whether a request that is too long for its model goes to another.
  public let routesByLength: Bool
  /// Which users' requests go to another model.
  public let rollouts: RolloutTable
  /// Whether Kimi models are served.
  public let killSwitch: KillSwitch
  /// Filled in for Kimi models where the request is silent.
  public let kimiDefaults: KimiDefaults
  /// Where requests may go, the one of `WEIR_UPSTREAM_URL` among them; never empty.
  public let upstreams: [UpstreamRoute]
  /// What happens when an upstream fails.
  public let resilience: ResiliencePolicy
  /// What may be kept of replies.
  public let cache: CachePolicy
  /// How much may be asked and spent.
  public let limits: LimitPolicy
  /// What is looked for in requests before they go upstream.
  public let screening: ScreeningPolicy
  /// What each model costs.
  public let prices: PriceBook
  /// What savings are measured against, per million tokens.
  public let baseline: ModelPrices
  /// Which upstreams and fallback models each model has.
  let attemptRoutes: AttemptRoutes

  /// What Kimi models get where the request is silent.
  public struct KimiDefaults: Sendable, Equatable {
    /// In tokens.
    public let maxTokens: Int?
    /// A JSON number in the operator's spelling.
    public let temperature: String?

    /// Nil leaves requests as they are.
    public init(maxTokens: Int? = nil, temperature: String? = nil) {
      self.maxTokens = maxTokens
      self.temperature = temperature
    }
  }

  /// What GPT-4 Turbo costs (OpenAI's price list): the baseline where nothing else is named.
  public static let gpt4Turbo = ModelPrices(input: 10, output: 30)

  /// Puts the parts together.
  public init(
    clients: ClientDirectory, models: ModelCatalog, access: ModelAccess = ModelAccess(), routes: TaskRoutes? = nil,
    routesByLength: Bool = false,
    rollouts: RolloutTable = .empty, killSwitch: KillSwitch, kimiDefaults: KimiDefaults = KimiDefaults(),
    upstreams: [UpstreamRoute] = [], resilience: ResiliencePolicy = ResiliencePolicy(),
    cache: CachePolicy = .off, limits: LimitPolicy = .none, screening: ScreeningPolicy = .none,
    prices: PriceList = .empty, baseline: Baseline = .gpt4Turbo
  ) {
    self.clients = clients
    self.models = models
    bodyRules = BodyRules(
      models.models,
      alsoFinding: (limits.budgets.isEmpty ? [] : CapOutput.memberNames) + screening.memberNames
        + (clients.haveToolRules ? ScreenTools.memberNames : []))
    self.access = access
    self.routes = routes
    self.routesByLength = routesByLength
    self.rollouts = rollouts
    self.killSwitch = killSwitch
    self.kimiDefaults = kimiDefaults
    self.upstreams =
      upstreams.isEmpty ? [UpstreamRoute(id: UpstreamRoute.defaultID, name: UpstreamRoute.defaultID)] : upstreams
    self.resilience = resilience
    self.cache = cache
    self.limits = limits
    self.screening = screening
    let book = PriceBook(
      catalog: models, listed: prices, defaultUpstream: self.upstreams.first?.name ?? UpstreamRoute.defaultID)
    self.prices = book
    self.baseline = baseline.prices(catalog: models, book: book)
    attemptRoutes = AttemptRoutes(
      upstreams: self.upstreams, resilience: resilience, models: models, access: access, killSwitch: killSwitch)
  }
}
