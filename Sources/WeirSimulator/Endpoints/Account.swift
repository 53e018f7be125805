/// What OpenRouter tells about a key, its credits and past generations.
enum Account {
  /// Credits of the simulated account, USD.
  private static let credits = 100.0

  /// Nil when the path or the method is another's.
  static func reply(to request: Request, endpoint: String, world: World) throws(Failure) -> Reply? {
    guard request.method == "GET" || request.method == "HEAD" else { return nil }
    switch endpoint {
    case "/key", "/auth/key": return Reply(["data": key(usage: world.totals.snapshot.cost)])
    case "/credits":
      let usage = JSON(world.totals.snapshot.cost)
      return Reply(["data": ["total_credits": JSON(credits), "total_usage": usage]])
    case "/generation": return try generation(request, world)
    default: return nil
    }
  }

  private static func key(usage: Double) -> JSON {
    [
      "label": "sk-or-v1-sim...ulated", "limit": JSON(credits), "limit_remaining": JSON(credits - usage),
      "limit_reset": nil, "usage": JSON(usage), "usage_daily": JSON(usage), "usage_weekly": JSON(usage),
      "usage_monthly": JSON(usage), "byok_usage": 0, "is_free_tier": false, "is_provisioning_key": false,
      "is_management_key": false, "include_byok_in_limit": false, "expires_at": nil,
      "rate_limit": [
        "requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore.",
      ],
    ]
  }

  private static func generation(_ request: Request, _ world: World) throws(Failure) -> Reply {
    guard let id = request.parameter("id") else { throw .badRequest("Missing required parameter: id") }
    guard let row = world.ledger.row(id) else {
      throw Failure(status: 404, message: "Generation \(id) not found")
    }
    return Reply(["data": data(row)])
  }

  private static func data(_ row: Ledger.Row) -> JSON {
    let generation = row.generation
    let finish: JSON = row.isCancelled ? nil : generation.completion.choices.first?.finish.openAI ?? nil
    return [
      "id": .string(generation.id), "upstream_id": nil, "total_cost": JSON(row.usage.cost),
      "usage": JSON(row.usage.cost), "cache_discount": nil, "upstream_inference_cost": 0, "is_byok": false,
      "created_at": .string(timestamp(milliseconds: generation.createdMilliseconds)),
      "model": .string(generation.model), "app_id": nil, "origin": "", "api_type": "completions",
      "streamed": JSON(generation.prompt.isStream), "cancelled": JSON(row.isCancelled),
      "provider_name": .string(generation.provider), "latency": JSON(row.milliseconds),
      "moderation_latency": nil, "generation_time": JSON(row.milliseconds), "finish_reason": finish,
      "native_finish_reason": finish, "tokens_prompt": JSON(row.usage.promptTokens),
      "tokens_completion": JSON(row.usage.completionTokens),
      "native_tokens_prompt": JSON(row.usage.promptTokens),
      "native_tokens_completion": JSON(row.usage.completionTokens),
      "native_tokens_reasoning": JSON(row.usage.reasoningTokens), "native_tokens_cached": 0,
      "num_media_prompt": nil, "num_media_completion": nil, "num_search_results": nil,
    ]
  }
}
