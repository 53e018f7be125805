import Crypto

/// Finds the endpoint of a request and asks it for the reply.
struct Router: Sendable {
  let world: World

  /// The reply of the healthy upstream, or the error reply of a fault that replaces it.
  func reply(to request: Request) -> Reply {
    let endpoint = request.endpoint ?? request.path
    do {
      try authorize(request, endpoint: endpoint)
      if let status = request.faults.status { return simulatedError(status, request, endpoint: endpoint) }
      if request.faults.html {
        let page = "<!doctype html><html><title>Just a moment…</title><body>Simulated</body></html>"
        return Reply(contentType: "text/html; charset=utf-8", bytes: Array(page.utf8))
      }
      return try route(request, endpoint: endpoint)
    } catch {
      return error.reply(endpoint: endpoint)
    }
  }

  /// The fault `early`: a reply made of the head alone. 200 is a chat reply to an empty text.
  func earlyReply(status: Int, to request: Request) -> Reply {
    let endpoint = request.endpoint ?? request.path
    if status != 200 { return simulatedError(status, request, endpoint: endpoint) }
    do {
      return try generate(request, endpoint, Prompt(model: "openrouter/auto"), Chat.reply)
    } catch {
      return error.reply(endpoint: endpoint)
    }
  }

  private func route(_ request: Request, endpoint: String) throws(Failure) -> Reply {
    guard request.endpoint != nil else { return Echo.reply(to: request) }
    switch (request.method, endpoint) {
    case ("POST", "/chat/completions"):
      return try generate(request, endpoint, Prompt(chat: request.json()), Chat.reply)
    case ("POST", "/completions"):
      return try generate(request, endpoint, Prompt(legacy: request.json()), LegacyCompletions.reply)
    case ("POST", "/responses"):
      return try generate(request, endpoint, Prompt(responses: request.json()), Responses.reply)
    case ("POST", "/messages"):
      return try generate(request, endpoint, Prompt(messages: request.json()), Messages.reply)
    case ("POST", "/embeddings"): return try embed(request)
    default:
      if let reply = try Models.reply(to: request, endpoint: endpoint) { return reply }
      if let reply = try Account.reply(to: request, endpoint: endpoint, world: world) { return reply }
      return Echo.reply(to: request)
    }
  }

  private func embed(_ request: Request) throws(Failure) -> Reply {
    let input = try Embeddings.Input(request.json())
    guard let entry = Catalog.entry(for: input.model) else {
      throw .badRequest("\(input.model) is not a valid model ID")
    }
    let bytes = input.texts.reduce(0) { $0 + $1.utf8.count }
    let usage = Usage(promptTokens: promptTokens(bytes: bytes), on: entry)
    try fit(usage.promptTokens, request, endpoint: "/embeddings")
    world.totals.update {
      $0.promptTokens += usage.promptTokens
      $0.cost += usage.cost
    }
    world.books.enter(usage, model: input.model, .reported)
    return Embeddings.reply(to: input, id: generationID(request), usage: usage, provider: provider(request))
  }

  private func provider(_ request: Request) -> String { request.header("x-sim-provider") ?? "Simulated" }

  /// Makes the completion, unless a fault makes the provider fail in a 200.
  private func generate(
    _ request: Request, _ endpoint: String, _ prompt: Prompt, _ reply: (Generation) -> Reply
  ) throws(Failure) -> Reply {
    let generation = try generation(request, endpoint, prompt)
    if request.faults.errorEvent != nil, !prompt.isStream {
      var failed = Failure.provider.reply(endpoint: endpoint)
      failed.status = 200
      failed.headers.append(HeaderField("x-generation-id", generation.id))
      return failed
    }
    return reply(generation)
  }

  private func generation(
    _ request: Request, _ endpoint: String, _ prompt: Prompt
  ) throws(Failure) -> Generation {
    guard let entry = Catalog.entry(for: prompt.model) else {
      throw .badRequest("\(prompt.model) is not a valid model ID")
    }
    let tokens = request.header("x-sim-tokens").flatMap { Int($0) }
    let size = ReplySize(tokens: tokens, bytes: request.faults.huge)
    let completion = Completion(answering: prompt, size: size)
    try fit(completion.promptTokens, request, endpoint: endpoint)
    return Generation(
      id: generationID(request), endpoint: endpoint, createdMilliseconds: request.now,
      provider: provider(request), prompt: prompt, completion: completion,
      entry: entry, usage: Usage(of: completion, on: entry), showsUsage: showsUsage(request, endpoint, prompt),
      hasBareUsage: request.faults.usageOnDemand,
      showsEnd: !request.faults.noDone, failsInChoice: request.faults.errorChoice)
  }

  /// The faults `no-usage` and `usage-on-demand`.
  private func showsUsage(_ request: Request, _ endpoint: String, _ prompt: Prompt) -> Bool {
    if request.faults.noUsage { return false }
    guard request.faults.usageOnDemand, endpoint.hasSuffix("completions"), prompt.isStream else { return true }
    return prompt.wantsStreamUsage
  }

  /// The fault `context`.
  private func fit(_ promptTokens: Int, _ request: Request, endpoint: String) throws(Failure) {
    guard let window = request.faults.context, promptTokens > window else { return }
    throw .contextLength(promptTokens: promptTokens, window: window, endpoint: endpoint)
  }

  private func generationID(_ request: Request) -> String {
    var digest = request.digest
    digest.update(data: Array(String(world.nextGeneration()).utf8))
    return "gen-" + hexadecimal(digest.finalize()).prefix(24)
  }

  private func simulatedError(_ status: Int, _ request: Request, endpoint: String) -> Reply {
    var reply = Failure.simulated(status: status, model: request.model ?? "").reply(endpoint: endpoint)
    let fields = [
      ("retry-after", request.faults.retryAfter), ("retry-after-ms", request.faults.retryAfterMs),
      ("x-ratelimit-reset", request.faults.rateLimitReset),
    ]
    for (name, value) in fields {
      if let value { reply.headers.append(HeaderField(name, value)) }
    }
    if request.faults.rateLimitReset != nil {
      reply.headers.append(HeaderField("x-ratelimit-limit", "20"))
      reply.headers.append(HeaderField("x-ratelimit-remaining", "0"))
    }
    return reply
  }

  /// Everything below the base needs a key, except the model lists and a preflight.
  private func authorize(_ request: Request, endpoint: String) throws(Failure) {
    let isOpen =
      request.endpoint == nil || request.method == "OPTIONS" || endpoint == "/echo"
      || endpoint == "/models" || endpoint.hasPrefix("/models/")
    if isOpen { return }
    guard let key = bearer(request) ?? (endpoint.hasPrefix("/messages") ? request.header("x-api-key") : nil),
      !key.isEmpty
    else { throw Failure(status: 401, message: "No auth credentials found") }
    if key.hasPrefix("sk-invalid") || world.key.map({ $0 != key }) ?? false {
      throw Failure(status: 401, message: "User not found.")
    }
  }

  private func bearer(_ request: Request) -> String? {
    guard let value = request.header("authorization"), value.lowercased().hasPrefix("bearer ") else {
      return nil
    }
    return String(value.dropFirst("bearer ".count)[...].trimmingASCIISpace())
  }
}
