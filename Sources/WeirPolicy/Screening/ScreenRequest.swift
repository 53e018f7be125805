import WeirWire

/// Holds a request against the rules of screening before anything is taken for it or sent: its tools, its texts, its
/// tokens. What is to be changed is kept in `Exchange.screening`, since a request may be sent more than once, and
/// `EditBody` puts it into the body of each.
enum ScreenRequest {
  /// - Parameters:
  ///   - census: what the body is made of; asked only where input tokens are bounded.
  ///   - threadTime: nanoseconds that the thread has worked; asked where much is to be looked through.
  static func screen(
    _ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot, census: () -> BodyCensus,
    threadTime: @escaping () -> Int64, memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    let screening = policy.screening
    let (own, ownTools) = (exchange.profile?.tokenBounds, exchange.profile?.tools)
    guard screening.isOn || own != nil || ownTools != nil else { return }
    let names = modelNames(exchange, envelope, policy)
    let client = exchange.client
    var record = ScreeningRecord()
    defer { exchange.screening = record == ScreeningRecord() ? nil : record }

    var tools = screening.tools.filter { $0.scope.covers(client: client, models: names) }
    if let ownTools { tools.append(ToolRule(permissions: ownTools)) }
    if !tools.isEmpty {
      try ScreenTools.screen(tools, envelope: envelope, memberText: memberText, into: &record)
      exchange.toolPermissions = ScreenTools.onReplies(tools)
    }
    try ScreenTexts.screen(
      screening, envelope: envelope, memberText: memberText, into: &record, threadTime: threadTime
    ) { $0.covers(client: client, models: names) }
    var bounds = screening.tokens.filter { $0.scope.covers(client: client, models: names) }
    if let own { bounds.append(TokenRule(maximumInput: own.input, maximumOutput: own.output)) }
    if !bounds.isEmpty {
      try BoundTokens.screen(
        bounds, endpoint: exchange.endpoint, envelope: envelope, census: census, memberText: memberText, into: &record)
    }
  }

  /// A body that weir does not read may hold anything.
  static func screenUnread(_ exchange: Exchange, head: RequestHead, policy: PolicySnapshot) throws(Refusal) {
    guard policy.screening.unread == .refuse, head.hasBody else { return }
    throw Refusal(
      .contentBlocked, "this proxy screens what goes upstream, and does not read the body of this path",
      remedy: "Use the chat, completions, responses, messages or embeddings API with JSON, or ask the operator.")
  }

  /// Every name of every model that the request may reach: one that only a fallback goes to counts too, since a rule
  /// must hold whatever fails. Empty where the request names no model.
  private static func modelNames(_ exchange: Exchange, _ envelope: Envelope, _ policy: PolicySnapshot) -> [String] {
    let models = [exchange.model] + exchange.plan.targets.map(\.model)
    let resolved = models.compactMap { $0 } + envelope.models.map { policy.models.resolve($0.value) }
    let names = resolved.flatMap { [$0.upstreamID] + ($0.catalogID.map { [$0] } ?? []) }
    let asked = (exchange.askedModel.map { [$0] } ?? []) + envelope.models.map(\.value)
    return asked + names + names.map { String(ModelName.split($0).base) }
  }
}
