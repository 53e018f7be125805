extension Settings {
  static let makesTraces = Setting(
    "WEIR_TRACING_MAKE", yaml: "tracing.make", .boolean, default: true,
    "Whether a request without a valid `traceparent` goes upstream with one of weir's making; a valid one always passes"
  )
  static let genAIMetrics = Setting(
    "WEIR_METRICS_GENAI", yaml: "metrics.genai", .boolean, default: false, reloadable: false,
    "`true` also exports the client metrics of OpenTelemetry's conventions for generative AI")

  static let observing = [makesTraces.entry, genAIMetrics.entry]
}
