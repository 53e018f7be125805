import WeirPolicy

/// An upstream of the file, model names not yet held against the catalog.
struct UpstreamEntry {
  let id: String
  let field: SectionField
  var url: Located<UpstreamURL>?
  var apiKey: Located<Secret>?
  /// The name of the variable that holds the key.
  var keyVariable: Located<String>?
  var passesClientKey: Located<Bool>?
  var headers: [Located<Configuration.Header>] = []
  /// The catalog's names and the upstream's.
  var models: [Located<(model: String, name: String)>] = []
  var streamUsage: Located<StreamUsage>?
  var timeouts = TimeoutsSection()
  var retry: RetrySection?
}

/// What an upstream's `timeouts` say; nil leaves a phase as it is everywhere.
struct TimeoutsSection {
  var connect: Duration?
  var firstByte: Duration?
  var idle: Duration?
  var total: Duration?

  /// `base` with what the file says in its place.
  func over(_ base: Configuration.Timeouts) -> Configuration.Timeouts {
    Configuration.Timeouts(
      connect: connect ?? base.connect, firstByte: firstByte ?? base.firstByte, idle: idle ?? base.idle,
      total: total ?? base.total, clientHeader: base.clientHeader, clientIdle: base.clientIdle)
  }
}

extension SectionReader {
  /// The most upstreams: each has connections, metrics and a place in every plan.
  static let maximumUpstreams = 32

  /// The upstreams of the file in its order, `default` among them where it is there; those whose name is not valid are
  /// reported and left out.
  mutating func upstreams(_ field: SectionField?) -> [UpstreamEntry] {
    let entries = entries(of: field)
    if let field, entries.count > SectionReader.maximumUpstreams {
      report(field, "there are \(entries.count) upstreams", fix: "keep at most \(SectionReader.maximumUpstreams)")
      return []
    }
    return entries.compactMap { entry in
      let upstream = upstream(entry)
      do throws(ValueProblem) {
        _ = try ValueParsers.upstreamID(entry.name)
        return upstream
      } catch {
        report(entry, error.what, fix: error.fix)
        return nil
      }
    }
  }

  private mutating func upstream(_ field: SectionField) -> UpstreamEntry {
    let fields = fields(of: field, in: .upstream)
    var entry = UpstreamEntry(id: field.name, field: field)
    entry.url = located(fields["url"], ValueParsers.upstreamURL)
    entry.apiKey = located(fields["api_key"], ValueParsers.secret)
    entry.keyVariable = located(fields["api_key_env"], ValueParsers.variable)
    entry.passesClientKey = located(fields["pass_client_key"], ValueParsers.boolean)
    entry.headers = headers(fields["headers"])
    entry.models = modelNames(fields["models"])
    entry.streamUsage = located(fields["stream_usage"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: StreamUsage.self)
    }
    entry.timeouts = timeouts(fields["timeouts"])
    entry.retry = retry(fields["retry"], in: .upstreamRetry)
    if field.name == UpstreamRoute.defaultID {
      refuse(["url", "api_key", "api_key_env", "pass_client_key"], in: fields)
      return entry
    }
    if field.isGroup, fields["url"] == nil, field.name != MoonshotUpstream.id {
      report(field, "url is missing", fix: "give url: the base URL, for example http://127.0.0.1:8000/v1")
    }
    if let second = fields["api_key_env"], fields["api_key"] != nil {
      report(second, "api_key stands beside it", fix: "keep one of the two")
    }
    if let pass = entry.passesClientKey, pass.value, fields["api_key"] != nil || fields["api_key_env"] != nil {
      report(
        line: pass.line, key: pass.key, "weir's own key goes there, so the client's does not",
        fix: "remove it, or the key")
    }
    return entry
  }

  /// The settings say these of the upstream `default`.
  private mutating func refuse(_ names: [String], in fields: [String: SectionField]) {
    for name in names {
      guard let stray = fields[name] else { continue }
      report(
        stray, "the settings say this of the upstream default",
        fix: name == "url" ? "use upstream.url, or WEIR_UPSTREAM_URL" : "use upstream.api_key, or OPENROUTER_API_KEY")
    }
  }

  private mutating func modelNames(_ field: SectionField?) -> [Located<(model: String, name: String)>] {
    entries(of: field).compactMap { entry in
      do throws(ValueProblem) {
        let model = try ValueParsers.modelID(entry.name)
        guard let name = value(entry, ValueParsers.modelID) else { return nil }
        return Located(value: (model, name), key: entry.key, line: entry.line)
      } catch {
        report(entry, error.what, fix: error.fix)
        return nil
      }
    }
  }

  private mutating func timeouts(_ field: SectionField?) -> TimeoutsSection {
    guard let field else { return TimeoutsSection() }
    let fields = fields(of: field, in: .upstreamTimeouts)
    return TimeoutsSection(
      connect: seconds(fields["connect"]), firstByte: seconds(fields["first_byte"]), idle: seconds(fields["idle"]),
      total: seconds(fields["total"]))
  }
}
