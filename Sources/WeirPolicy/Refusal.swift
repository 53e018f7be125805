/// A request that weir answers itself with an error: what the client is told and what the log says.
public struct Refusal: Error, Sendable, Equatable {
  /// The error's name in the reply, in metrics and in the log.
  public let code: ErrorCode
  /// The HTTP status; the code's own unless a rule of HTTP asks for another.
  public let status: Int
  /// What happened, in one plain sentence without a full stop; never holds a header value, key or body.
  public let what: String
  /// `what` without anything that came from the body, for the log.
  public let logged: String
  /// What the caller can do about it, a sentence.
  public let remedy: String
  /// The request member that is at fault.
  public let param: String?
  /// Seconds after which the same request may succeed. With 429 and 503 it is always there, as the interface promises;
  /// where waiting alone does not help, `fields` has `shouldNotRetry`.
  public let retryAfterSeconds: Int?
  /// The limit or budget that refused, by its name in the configuration; the label `limit`.
  public let limit: String?
  /// Response headers that HTTP demands with the status, such as `allow`.
  public let fields: [Field]

  /// One response header.
  public struct Field: Sendable, Equatable {
    /// In lower case.
    public let name: String
    /// Without CR, LF or NUL.
    public let value: String

    /// OpenAI's and Anthropic's clients obey it: they do not try again, whatever the status.
    public static let shouldNotRetry = Field(name: "x-should-retry", value: "false")
  }

  /// For what passes only once somebody has changed something. Short: who reads this field alone sleeps for so long.
  private static let secondsUntilChanged = 5

  /// Describes a refusal.
  public init(
    _ code: ErrorCode, _ what: String, remedy: String, status: Int? = nil, param: String? = nil,
    retryAfterSeconds: Int? = nil, limit: String? = nil, fields: [Field] = [], logged: String? = nil
  ) {
    self.code = code
    self.status = status ?? code.status
    self.what = what
    self.logged = logged ?? what
    self.remedy = remedy
    self.param = param
    let mustSayWhen = self.status == 429 || self.status == 503
    self.retryAfterSeconds = retryAfterSeconds ?? (mustSayWhen ? Self.secondsUntilChanged : nil)
    self.limit = limit
    self.fields = fields
  }

  /// What the client reads: what happened, to which request, and what to do.
  public func message(requestID: String) -> String {
    "weir: \(what) (request \(requestID)). \(remedy)"
  }
}
