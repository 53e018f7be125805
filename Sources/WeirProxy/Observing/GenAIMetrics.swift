import Synchronization
import WeirConfiguration
import WeirMetrics

/// The client metrics of OpenTelemetry's conventions for generative AI, in Prometheus' spelling, beside weir's own.
/// Source: opentelemetry.io, "Semantic conventions for generative AI metrics". Any thread may use it; event loops go
/// through `LoopGenAIRecorder`.
final class GenAIMetrics: Sendable {
  let tokens: HistogramFamily
  let duration: HistogramFamily
  let timeToFirstChunk: HistogramFamily
  let timePerOutputChunk: HistogramFamily
  private let servers: Mutex<[String: GenAIServer]>
  private let responseModels = Mutex(BoundedLabel(known: []))

  /// What all four families have.
  static let labels = [
    "gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model", "server_address",
    "server_port",
  ]

  init(_ registry: MetricsRegistry, upstreams: [Configuration.NamedUpstream]) {
    servers = Mutex(Self.servers(upstreams))
    tokens = registry.histogram(
      "gen_ai_client_token_usage", help: "Tokens of a request, by direction.",
      labels: Self.labels + ["gen_ai_token_type"], buckets: Self.tokenBuckets)
    duration = registry.histogram(
      "gen_ai_client_operation_duration_seconds", help: "From a request's head to the end of its reply.",
      labels: Self.labels + ["error_type"], buckets: Self.secondBuckets)
    timeToFirstChunk = registry.histogram(
      "gen_ai_client_operation_time_to_first_chunk_seconds",
      help: "From a streaming request's body to the first content of its reply.", labels: Self.labels,
      buckets: Self.chunkBuckets)
    timePerOutputChunk = registry.histogram(
      "gen_ai_client_operation_time_per_output_chunk_seconds",
      help: "From a stream's first content to its end, for each later event with content.", labels: Self.labels,
      buckets: Self.chunkBuckets)
  }

  /// A reload may name other upstreams.
  func follow(_ upstreams: [Configuration.NamedUpstream]) { servers.withLock { $0 = Self.servers(upstreams) } }

  /// By the upstream's name; nil for one that is no longer there.
  func server(_ upstream: String) -> GenAIServer? { servers.withLock { $0[upstream] } }

  /// What the reply says it is of: upstreams choose that name.
  func label(responseModel: String) -> String { responseModels.withLock { $0.admit(responseModel) } }

  private static func servers(_ upstreams: [Configuration.NamedUpstream]) -> [String: GenAIServer] {
    Dictionary(upstreams.map { ($0.name, GenAIServer($0)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Powers of four, as the conventions advise.
  private static let tokenBuckets: [Double] = (0...13).map { Double(1 << (2 * $0)) }
  /// 10 ms, doubling, as the conventions advise.
  private static let secondBuckets: [Double] = (0...13).map { Double(1 << $0) / 100 }
  /// As the conventions advise for chunks.
  private static let chunkBuckets: [Double] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]
}
