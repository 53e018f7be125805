public import WeirPolicy

/// Everything the operator decided, validated whole and never changed; a reload makes another one.
///
/// Requests read the snapshot once and keep it to their end.
public struct Configuration: Sendable {
  /// Where weir listens.
  public let listeners: Listeners
  /// The upstream of `WEIR_UPSTREAM_URL`, as the settings say it.
  public let upstream: Upstream
  /// Everywhere that requests may go; the one of `WEIR_UPSTREAM_URL` first, so there is always one.
  public internal(set) var upstreams: [NamedUpstream]
  /// Which requests go to Kimi models, and how.
  public let kimi: Kimi
  /// Who may use the traffic listener; empty means anyone who reaches it.
  public let clients: [ClientDirectory.Client]
  /// What replies lose, and what may be read of the process.
  public let hygiene: Hygiene
  /// Bounds that keep the process within its means.
  public let limits: Limits
  /// How long each phase of a request may take, where its upstream says nothing else.
  public let timeouts: Timeouts
  /// How much may be asked and spent.
  public let limitPolicy: LimitPolicy
  /// What tokens cost where no upstream says, and what savings are measured against.
  public let pricing: Pricing
  /// What may be kept of replies, and for how long.
  public let cachePolicy: CachePolicy
  /// What happens when an upstream fails.
  public let resilience: ResiliencePolicy
  /// What is looked for in requests before they go upstream.
  public let screening: ScreeningPolicy
  /// How long SIGTERM waits for open requests.
  public let drain: Duration
  /// How long a stream that its client left is read on to learn what it used; zero cancels it.
  public let meteringDrain: Duration
  /// What is logged, and in which form.
  public let logging: Logging
  /// The built-in models and the file's, and what each name means.
  public let catalog: ModelCatalog
  /// Which models clients may ask for.
  public let access: ModelAccess
  /// What moves users between models, as configured: changes made on a running proxy (`RolloutState`) are not
  /// in it.
  public let rollouts: RolloutTable
  /// How the model `auto` finds its own; nil where the file switches it off.
  public let routes: TaskRoutes?
  /// Whether `routes` also serves requests that are too long for the model they name; off by default.
  public let routesByLength: Bool
  /// Where changes of rollouts are kept for the next start; nil keeps them in memory only.
  public internal(set) var rolloutStateFile: String?
  /// Where the spending of budgets is kept for the next start; nil keeps it in memory only.
  public internal(set) var budgetStateFile: String?
  /// The SQLite file of the usage ledger; nil keeps none.
  public let ledgerPath: String?
  /// Who was refused what, who changed what: the log of it.
  public internal(set) var audit: Audit
  /// How closely clients' traffic is watched.
  public let anomalies: AnomalyPolicy
  /// Where anomalies and used-up budgets are told; nil tells nobody.
  public internal(set) var webhook: Webhook?
  /// How long the ledger keeps what, and whether prompts and replies are among it.
  public let ledger: Ledger
  /// What is shared with other sidecars.
  public internal(set) var sharedState: SharedState
  /// Whether requests without a valid `traceparent` get one.
  public let makesTraces: Bool
  /// Whether the metrics of OpenTelemetry's GenAI conventions are exported too.
  public let exportsGenAIMetrics: Bool
  /// Each setting in effect, with where its value came from; secrets are redacted.
  public let origins: [EffectiveValue]
  /// The sections of the YAML file in effect, and the rollouts, in the same form.
  public let sections: [EffectiveValue]
  /// What the operator should know although weir starts.
  public let warnings: [ConfigurationProblem]
  /// The files that a reload reads again, those included that do not exist yet.
  public let files: [String]

  /// Whether any rollout lets clients choose by `x-weir-variant`, as configured.
  public var allowsVariantOverride: Bool { rollouts.entries.contains { $0.configured.allowsOverride } }

  /// The listeners and how they are announced.
  public struct Listeners: Sendable, Equatable {
    /// Serves the LLM API.
    public let traffic: ListenAddress
    /// Serves metrics, health and control.
    public let admin: ListenAddress
    /// What state-changing admin requests must present as a bearer token; nil asks for none.
    public let adminToken: Secret?
    /// Where the real ports are written once both listeners are up.
    public let portFile: String?
    /// The operator accepts a traffic listener that others can reach without a key.
    public let isInsecureAccepted: Bool
  }

  /// The upstream and what weir sends it on its own account.
  public struct Upstream: Sendable, Equatable {
    /// The base URL that request paths are appended to.
    public let url: UpstreamURL
    /// Sent upstream; nil passes the client's own `Authorization` on.
    public let apiKey: Secret?
    /// PEM bundle of certificate authorities; nil takes the system's.
    public let certificateAuthorityFile: String?
    /// Sent as `HTTP-Referer` unless the client sent its own.
    public let siteURL: String?
    /// Sent as `X-OpenRouter-Title` and `X-Title` unless the client sent its own.
    public let siteName: String?
  }

  /// The Kimi models' alias, defaults, rollout and kill switch.
  public struct Kimi: Sendable, Equatable {
    /// False is the kill switch: no request reaches a Kimi model.
    public let isEnabled: Bool
    /// What the alias `kimi-k2` becomes.
    public let modelID: String
    /// Filled in where a request for a Kimi model is silent; nil leaves it so.
    public let maxTokens: Int?
    /// Filled in where a request for a Kimi model is silent; nil leaves it so.
    public let temperature: SpelledNumber?
    /// `KIMI_ROLLOUT_PERCENTAGE`; what is in effect, a file's rollout `kimi` considered, is in `rollouts`.
    public let rolloutPercent: Percent
    /// `KIMI_ROLLOUT_FROM`, as clients name them, in the operator's order.
    public let rolloutFrom: [String]
    /// Where a switched-off Kimi request goes; empty refuses it.
    public let fallbackModel: String
  }

  /// What replies lose, and what may be read of the process.
  public struct Hygiene: Sendable, Equatable {
    /// What becomes of cookies that upstreams set.
    public enum Cookies: String, Sendable, CaseIterable {
      /// Dropped where clients have keys of their own.
      case auto
      /// They reach clients.
      case pass
      /// They reach nobody.
      case drop
    }

    /// What becomes of a header.
    public enum Header: String, Sendable, CaseIterable {
      case pass, drop
    }

    /// `Set-Cookie` of upstreams.
    public let setCookie: Cookies
    /// `Server` of upstreams.
    public let server: Header
    /// Whether the system may write the process's memory to a file.
    public let allowsCoreDumps: Bool
  }

  /// Bounds of one process.
  public struct Limits: Sendable, Equatable {
    /// Largest request body in bytes.
    public let maxBodyBytes: Int
    /// Largest request head in bytes: request line and headers together.
    public let maxHeaderBytes: Int
    /// Open client connections.
    public let maxConnections: Int
    /// Requests between their first and last byte.
    public let maxInFlight: Int
    /// Bytes of request bodies held at once over all requests.
    public let maxBufferedBytes: Int
    /// Threads that serve requests; nil lets the machine decide.
    public let eventLoops: Int?
  }

  /// How long each phase of a request may take; all are above zero.
  public struct Timeouts: Sendable, Equatable {
    /// Until the upstream's connection stands, TLS included.
    public let connect: Duration
    /// From the request's last byte to the reply's first.
    public let firstByte: Duration
    /// Between two pieces of a reply.
    public let idle: Duration
    /// The whole request.
    public let total: Duration
    /// Until a client has sent its request's head.
    public let clientHeader: Duration
    /// Between two requests on a client's connection that is kept alive.
    public let clientIdle: Duration
  }

  /// What tokens cost.
  public struct Pricing: Sendable, Equatable {
    /// What savings are measured against.
    public let baseline: Baseline
    /// Seconds between two looks at the upstreams' model lists; 0 never looks.
    public let refreshSeconds: Int
  }

  /// What the usage ledger keeps.
  public struct Ledger: Sendable, Equatable {
    /// Older rows go; nil keeps them.
    public let maximumAgeDays: Int?
    /// The oldest rows go once the file holds more; nil keeps them.
    public let maximumBytes: Int?
    /// How much of a prompt and of a reply is kept; nil keeps nothing of either.
    public let maximumBodyBytes: Int?
    /// Regular expressions whose matches are taken out before; each has been tried out.
    public let redactions: [String]
  }

  /// What is logged.
  public struct Logging: Sendable, Equatable {
    /// The least severity that is written.
    public let level: LogLevel
    /// The form of a line.
    public let format: LogFormat
  }
}
