/// The formats in which metrics are exposed.
public enum ExpositionFormat: Sendable, Equatable, CaseIterable {
  /// Prometheus text format 0.0.4.
  case text
  /// OpenMetrics 1.0, which also carries exemplars.
  case openMetrics

  /// The value of the response's `content-type`.
  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The format that an `Accept` header asks for (RFC 9110, section 12.5.1; several header lines joined
  /// by commas).
  ///
  /// The heavier of the two wins; the weight of a format is that of the most specific range that matches it.
  /// At equal weights OpenMetrics wins only when the client names it, so that `*/*` gives plain text. Text
  /// is also what a client gets that accepts neither: a scraper rather reads it than an empty 406.
  public static func negotiated(accept: String?) -> ExpositionFormat {
    guard let accept else { return .text }
    let ranges = AcceptedRange.parsed(accept)
    let text = Preference(
      of: ranges, type: "text", subtype: "plain", version: "0.0.4")
    let openMetrics = Preference(
      of: ranges, type: "application", subtype: "openmetrics-text", version: "1.0.0")
    if openMetrics.weight > text.weight { return .openMetrics }
    let isTie = openMetrics.weight > 0 && openMetrics.weight == text.weight
    return isTie && openMetrics.isNamed ? .openMetrics : .text
  }
}

/// What a client thinks of one format.
private struct Preference {
  /// In thousandths; zero for a format that the client does not accept.
  var weight = 0
  /// The client wrote the format's media type in full.
  var isNamed = false

  init(of ranges: [AcceptedRange], type: String, subtype: String, version: String) {
    var best = -1
    for range in ranges {
      guard let specificity = range.specificity(type: type, subtype: subtype, version: version) else {
        continue
      }
      // The same range given twice: the kinder weight counts.
      guard specificity > best || (specificity == best && range.weight > weight) else { continue }
      best = specificity
      weight = range.weight
      isNamed = specificity >= AcceptedRange.namedSpecificity
    }
  }
}
