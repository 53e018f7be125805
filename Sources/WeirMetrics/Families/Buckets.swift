/// Upper bounds of histogram buckets, each set made for one kind of measurement.
public enum Buckets {
  /// Seconds of a whole model call or of its first token: 5 ms (a cache hit) to 10 minutes (long reasoning). 3 s is
  /// the objective that dashboards/ measures first tokens by.
  public static let llmSeconds: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3, 5, 10, 20, 30, 60, 120, 300, 600,
  ]

  /// Seconds that weir itself adds to a request: 10 microseconds to one second.
  public static let overheadSeconds: [Double] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 0.5, 1,
  ]

  /// Seconds for each output token: those of OpenTelemetry's `gen_ai.server.time_per_output_token`, with
  /// finer ones below for upstreams that make more than a hundred tokens a second.
  public static let perTokenSeconds: [Double] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
  ]

  /// Tokens of one request or completion: powers of two where contexts usually are, coarser below.
  public static let tokens: [Double] = [
    1, 4, 16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131_072, 262_144, 524_288,
    1_048_576, 2_097_152,
  ]
}
