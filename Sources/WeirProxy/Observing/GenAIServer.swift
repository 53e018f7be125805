import WeirConfiguration

/// An upstream as OpenTelemetry's conventions name it.
struct GenAIServer: Sendable, Equatable {
  /// `server.address`.
  let address: String
  /// `server.port`.
  let port: String
  /// `gen_ai.provider.name` of models whose author says nothing.
  let provider: String

  init(_ upstream: Configuration.NamedUpstream) {
    address = upstream.url.host
    port = String(upstream.url.port)
    let host = upstream.url.host
    provider = Self.hosts.first { host == $0.host || host.hasSuffix("." + $0.host) }?.provider ?? upstream.name
  }

  /// How many names of providers there are beside the upstreams' own.
  static var knownProviders: Int { Set(authors.values).union(hosts.map(\.provider)).count }

  /// Who made a model, by the author's part of its name, else who serves it. The names are those of the conventions
  /// where they have one (opentelemetry.io, "gen_ai.provider.name"); only known ones become labels.
  func provider(ofModel model: String) -> String {
    let author = model.utf8.firstIndex(of: UInt8(ascii: "/")).map { model[..<$0] } ?? ""
    return Self.authors[String(author)] ?? provider
  }

  private static let authors = [
    "moonshotai": "moonshot_ai", "openai": "openai", "anthropic": "anthropic", "google": "gcp.gemini", "x-ai": "x_ai",
    "mistralai": "mistral_ai", "deepseek": "deepseek", "cohere": "cohere", "perplexity": "perplexity",
    "amazon": "aws.bedrock",
  ]

  private static let hosts = [
    (host: "openrouter.ai", provider: "openrouter"), (host: "moonshot.ai", provider: "moonshot_ai"),
    (host: "moonshot.cn", provider: "moonshot_ai"), (host: "api.openai.com", provider: "openai"),
    (host: "api.anthropic.com", provider: "anthropic"), (host: "api.mistral.ai", provider: "mistral_ai"),
    (host: "api.deepseek.com", provider: "deepseek"), (host: "api.groq.com", provider: "groq"),
    (host: "api.x.ai", provider: "x_ai"), (host: "api.cohere.com", provider: "cohere"),
  ]
}
