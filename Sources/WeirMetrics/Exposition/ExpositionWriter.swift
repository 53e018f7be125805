/// Writes one page of metrics in one format: for each family its metadata, then its samples.
struct ExpositionWriter {
  private let format: ExpositionFormat
  private var bytes: [UInt8] = []

  init(format: ExpositionFormat) {
    self.format = format
  }

  /// The metadata of the next family. OpenMetrics names a counter without `_total`, text 0.0.4 with it.
  mutating func begin(_ shape: FamilyShape, help: String) {
    let name = format == .openMetrics ? shape.family : shape.sampleName
    append("# HELP ")
    append(name)
    append(" ")
    LabelText.appendEscaped(help, escapesQuotes: format == .openMetrics, to: &bytes)
    append("\n# TYPE ")
    append(name)
    append(" ")
    append(shape.kind.rawValue)
    append("\n")
  }

  /// One line; `labels` rendered, without braces.
  mutating func sample(_ name: String, labels: [UInt8], value: Double) {
    append(name)
    appendBraces(around: labels)
    append(" ")
    append(FloatText.value(value))
    append("\n")
  }

  /// The lines of one histogram; `bounds` as texts, one for each count, the infinite one last.
  mutating func histogram(_ name: String, labels: [UInt8], bounds: [String], snapshot: HistogramSnapshot) {
    var cumulative: UInt64 = 0
    for (index, (bound, count)) in zip(bounds, snapshot.counts).enumerated() {
      cumulative &+= count
      append(name)
      append("_bucket{")
      bytes.append(contentsOf: labels)
      append(labels.isEmpty ? "le=\"" : ",le=\"")
      append(bound)
      append("\"} ")
      append(String(cumulative))
      if let exemplar = snapshot.exemplars[index] { append(exemplar) }
      append("\n")
    }
    sample(name + "_sum", labels: labels, value: snapshot.sum)
    append(name)
    append("_count")
    appendBraces(around: labels)
    append(" ")
    append(String(cumulative))
    append("\n")
  }

  /// The page; nothing is written after it.
  consuming func finish() -> [UInt8] {
    if format == .openMetrics { append("# EOF\n") }
    return bytes
  }

  private mutating func append(_ exemplar: Exemplar) {
    guard format == .openMetrics else { return }
    append(" # {")
    bytes.append(contentsOf: LabelText.rendered(names: [Exemplar.labelName], values: [exemplar.requestID]))
    append("} ")
    append(FloatText.value(exemplar.value))
    append(" ")
    append(FloatText.value((exemplar.time * 1000).rounded() / 1000))
  }

  private mutating func appendBraces(around labels: [UInt8]) {
    if labels.isEmpty { return }
    append("{")
    bytes.append(contentsOf: labels)
    append("}")
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }
}
