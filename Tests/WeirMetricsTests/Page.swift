import WeirMetrics

/// One exposition as a test wants to look at it.
struct Page {
  let text: String

  init(_ registry: MetricsRegistry, _ format: ExpositionFormat = .text) {
    text = String(decoding: registry.exposition(format), as: UTF8.self)
  }

  var lines: [Substring] { text.split(separator: "\n") }

  /// The lines that are not metadata.
  var samples: [String] { lines.filter { !$0.hasPrefix("#") }.map(String.init) }

  /// The values of the samples whose lines begin so, in order, as integers.
  func integers(_ prefix: String) -> [Int] {
    samples.filter { $0.hasPrefix(prefix) }.compactMap { line in
      line.split(separator: " ").last.flatMap { Int($0) }
    }
  }
}
