import WeirPolicy

/// What an upstream's `stream_usage` says.
enum StreamUsage: String, CaseIterable {
  /// weir asks for the usage of streams where the client does not.
  case add
  /// Requests stay as clients send them.
  case asIs = "as_is"

  /// Providers that tell a stream's usage only where they are asked: OpenAI's and Moonshot's API references.
  private static let needyHosts = ["api.openai.com", "api.moonshot.ai", "api.moonshot.cn"]

  /// What holds where the file does not say. OpenRouter always tells. Of the upstream of `WEIR_UPSTREAM_URL` weir knows
  /// nothing but the host, so only hosts that are known to need it are asked; upstreams that the file names all are.
  static func usual(id: String, host: String) -> StreamUsage {
    let host = host.lowercased()
    if host == "openrouter.ai" || host.hasSuffix(".openrouter.ai") { return .asIs }
    return id != UpstreamRoute.defaultID || needyHosts.contains(host) ? .add : .asIs
  }
}
