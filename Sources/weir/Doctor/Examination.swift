import FoundationEssentials
import WeirConfiguration
import WeirUpstream

/// A real round trip through the configured upstream, step by step: what `weir doctor` does. It costs a few tokens.
struct Examination {
  private let access: UpstreamAccess
  private let configuration: Configuration
  private let caller: Caller
  private let say: (String) -> Void
  private var isHealthy = true

  /// Runs every step and reports each as a line.
  ///
  /// - Returns: whether requests of an application would be served.
  static func run(_ configuration: Configuration, say: @escaping (String) -> Void) async throws -> Bool {
    try await Caller.with(certificateAuthorityFile: configuration.upstream.certificateAuthorityFile) { caller in
      var examination = Examination(
        access: UpstreamAccess(configuration), configuration: configuration, caller: caller, say: say)
      await examination.examine()
      return examination.isHealthy
    }
  }

  private init(
    access: UpstreamAccess, configuration: Configuration, caller: Caller, say: @escaping (String) -> Void
  ) {
    self.access = access
    self.configuration = configuration
    self.caller = caller
    self.say = say
  }

  private mutating func examine() async {
    say("upstream    \(configuration.upstream.url)")
    guard await examineKey() else { return }
    await examineCredits()
    await examineModel()
    await examineCompletion()
  }

  // MARK: Steps

  /// False when nothing can be reached, so that the other steps would only say the same.
  private mutating func examineKey() async -> Bool {
    guard configuration.upstream.apiKey != nil else {
      fail("key", "none is set", "set OPENROUTER_API_KEY; without it every client has to send a key of its own")
      return true
    }
    let reply = await ask("GET", "/key")
    switch reply {
    case .failure(let failure):
      fail("connection", failure.reason, "check WEIR_UPSTREAM_URL, the network, HTTPS_PROXY and WEIR_CA_FILE")
      return false
    case .success(let reply) where reply.status == 401 || reply.status == 403:
      fail("key", "the upstream refuses it (\(reply.status))", "make a new one at https://openrouter.ai/keys")
    case .success(let reply) where reply.status == 200 && reply.decoded(as: [String: Anything].self) == nil:
      fail("key", "/key answered 200 with something else than JSON", Self.baseURLRemedy)
    case .success(let reply) where reply.status == 200:
      let key = reply.decoded(as: KeyReply.self)?.data
      let left = key?.limit_remaining.map { ", \(Self.dollars($0)) left of its limit" } ?? ""
      pass("key", "valid\(left)", reply.milliseconds)
    case .success(let reply) where reply.status == 404:
      say("key         this upstream has no /key to ask (\(reply.status)); the completion will tell")
    case .success(let reply):
      fail("key", "/key answered \(reply.status)", Self.baseURLRemedy)
    }
    return true
  }

  private mutating func examineCredits() async {
    guard configuration.upstream.apiKey != nil, case .success(let reply) = await ask("GET", "/credits") else { return }
    guard reply.status == 200, let credits = reply.decoded(as: CreditsReply.self)?.data else {
      say("credits     this upstream does not tell them to this key (\(reply.status))")
      return
    }
    let left = credits.total_credits - credits.total_usage
    if left > 0 {
      pass("credits", "\(Self.dollars(left)) left", reply.milliseconds)
    } else {
      fail("credits", "none left (\(Self.dollars(left)))", "add credits at https://openrouter.ai/credits")
    }
  }

  private mutating func examineModel() async {
    let model = configuration.kimi.modelID
    guard case .success(let reply) = await ask("GET", "/models") else { return }
    guard reply.status == 200, let models = reply.decoded(as: ModelsReply.self)?.data else {
      say("model       this upstream does not list its models (\(reply.status))")
      return
    }
    let name = model.split(separator: ":").first.map(String.init) ?? model
    if models.contains(where: { $0.id == model || $0.id == name }) {
      pass("model", "\(model) is listed among \(models.count)", reply.milliseconds)
    } else {
      fail("model", "\(model) is not among the \(models.count) listed", "set KIMI_MODEL_ID to one that is")
    }
  }

  private mutating func examineCompletion() async {
    let body = CompletionRequest(
      model: configuration.kimi.modelID, max_tokens: 32,
      messages: [.init(role: "user", content: "Answer with the single word: ready")])
    guard let json = try? JSONEncoder().encode(body) else { return }
    switch await ask("POST", "/chat/completions", body: Array(json)) {
    case .failure(let failure):
      fail("completion", failure.reason, "try again; raise WEIR_TIMEOUT_FIRST_BYTE if the model is slow")
    case .success(let reply):
      guard reply.status == 200, let completion = reply.decoded(as: CompletionReply.self),
        let choice = completion.choices?.first
      else {
        let message =
          reply.decoded(as: ErrorReply.self)?.error.message
          ?? (reply.status == 200 ? "no completion" : "no message")
        fail("completion", "the upstream answered \(reply.status): \(message)", Self.remedy(for: reply.status))
        return
      }
      pass("completion", "\(choice.message?.content ?? "(no text)")", reply.milliseconds)
      if let usage = completion.usage {
        let cost = usage.cost.map { ", cost \(Self.dollars($0))" } ?? ""
        say("usage       \(usage.prompt_tokens) tokens in, \(usage.completion_tokens) out\(cost)")
      }
      if let provider = completion.provider { say("provider    \(provider)") }
      say(
        "timing      \(Self.text(reply.headMilliseconds)) ms to the reply's head, \(Self.text(reply.milliseconds)) ms in all"
      )
    }
  }

  // MARK: Reports

  private func pass(_ step: String, _ what: String, _ milliseconds: Double) {
    say("\(Self.padded(step))ok: \(what) (\(Self.text(milliseconds)) ms)")
  }

  private mutating func fail(_ step: String, _ what: String, _ remedy: String) {
    isHealthy = false
    say("\(Self.padded(step))FAILED: \(what)")
    say("            what to do: \(remedy)")
  }

  private static func padded(_ step: String) -> String {
    step + String(repeating: " ", count: max(12 - step.count, 1))
  }

  /// A website often answers 200 to every path.
  private static let baseURLRemedy = "check that WEIR_UPSTREAM_URL is the API's base URL"

  private static func remedy(for status: Int) -> String {
    switch status {
    case 200..<400: baseURLRemedy
    case 401, 403: "check OPENROUTER_API_KEY"
    case 402: "add credits at https://openrouter.ai/credits"
    case 404, 400: "set KIMI_MODEL_ID to a model of this upstream"
    case 429: "wait; the upstream limits how often this key may ask"
    default: "try again later; the upstream or its provider has a fault"
    }
  }

  private static func text(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10)" }
  private static func dollars(_ amount: Double) -> String {
    guard let millionths = Int(exactly: (abs(amount) * 1_000_000).rounded()) else { return "$\(amount)" }
    let decimals = String(millionths % 1_000_000)
    let padded = String(repeating: "0", count: 6 - decimals.count) + decimals
    return "\(amount < 0 ? "-" : "")$\(millionths / 1_000_000).\(padded)"
  }

  private func ask(
    _ method: String, _ path: String, body: [UInt8]? = nil
  ) async -> Result<CallReply, TransferFailure> {
    let fields = access.authorization.map { [("Authorization", $0)] } ?? []
    return await caller.ask(method, access.base + path, fields: fields, body: body, timeouts: access.timeouts)
  }
}
