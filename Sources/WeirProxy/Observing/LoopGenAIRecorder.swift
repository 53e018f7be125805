import WeirMetrics
import WeirPolicy
import WeirWire

/// Counts exchanges for one event loop under the names of the conventions. Lives on that event loop.
final class LoopGenAIRecorder {
  private struct Key: Hashable {
    let operation: String
    let upstream: String
    let requestModel: String
    let responseModel: String
    let error: String
    let isStream: Bool
  }

  private struct Series {
    let input, output, duration: Histogram
    /// Of streams only.
    let firstChunk, perChunk: Histogram?
  }

  private static let maximumCached = 2048

  private let metrics: GenAIMetrics
  private var series: [Key: Series] = [:]
  private var responseModels: [String: String] = [:]

  init(_ metrics: GenAIMetrics) { self.metrics = metrics }

  /// - Parameter model: the label of the model asked of the upstream.
  func record(_ exchange: Exchange, model: String, firstContentAt: Int64?) {
    // What no upstream was asked for is no operation of a client of its.
    guard exchange.attempts > 0, let operation = Self.operation(exchange.endpoint), let upstream = exchange.upstream
    else { return }
    let reading = exchange.reading
    let series = found(
      Key(
        operation: operation, upstream: upstream, requestModel: model, responseModel: label(reading?.model ?? ""),
        error: exchange.errorType ?? "", isStream: exchange.isStream))
    let endedAt = exchange.endedAt ?? exchange.receivedAt
    series.duration.observe(seconds(endedAt - exchange.receivedAt))
    if let usage = reading?.usage {
      if !usage.untold.contains(.input) { series.input.observe(Double(usage.input)) }
      if exchange.endpoint != .embeddings, !usage.untold.contains(.output) {
        series.output.observe(Double(usage.output))
      }
    }
    guard exchange.isStream, let firstContentAt, let admittedAt = exchange.admittedAt else { return }
    series.firstChunk?.observe(seconds(firstContentAt - admittedAt))
    if let chunks = reading?.contentEvents, chunks > 1 {
      series.perChunk?.observe(seconds(endedAt - firstContentAt) / Double(chunks - 1))
    }
  }

  /// `gen_ai.operation.name`; nil where the request is none.
  private static func operation(_ endpoint: Endpoint) -> String? {
    switch endpoint {
    case .chatCompletions, .responses, .messages: "chat"
    case .completions: "text_completion"
    case .embeddings: "embeddings"
    default: nil
    }
  }

  private func label(_ model: String) -> String {
    if model.isEmpty { return "" }
    if let known = responseModels[model] { return known }
    if responseModels.count >= Self.maximumCached { responseModels.removeAll() }
    let label = metrics.label(responseModel: model)
    responseModels[model] = label
    return label
  }

  private func found(_ key: Key) -> Series {
    if let known = series[key] { return known }
    let server = metrics.server(key.upstream)
    let labels = [
      key.operation, server?.provider(ofModel: key.requestModel) ?? "", key.requestModel, key.responseModel,
      server?.address ?? "", server?.port ?? "",
    ]
    let made = Series(
      input: metrics.tokens.child(labels + ["input"]), output: metrics.tokens.child(labels + ["output"]),
      duration: metrics.duration.child(labels + [key.error]),
      firstChunk: key.isStream ? metrics.timeToFirstChunk.child(labels) : nil,
      perChunk: key.isStream ? metrics.timePerOutputChunk.child(labels) : nil)
    if series.count >= Self.maximumCached { series.removeAll() }
    series[key] = made
    return made
  }

  private func seconds(_ nanoseconds: Int64) -> Double { Double(max(nanoseconds, 0)) / 1e9 }
}
