extension ValueType where Value == ListenAddress {
  static let listenAddress = ValueType("`HOST:PORT`", parse: ValueParsers.listenAddress, spell: \.description)
}

extension ValueType where Value == UpstreamURL {
  static let upstreamURL = ValueType("URL", parse: ValueParsers.upstreamURL, spell: \.description)
}

extension ValueType where Value == String {
  static let siteURL = ValueType("URL", parse: ValueParsers.siteURL, spell: { $0 })
  static let siteName = ValueType("text", parse: ValueParsers.siteName, spell: { $0 })
  static let model = ValueType("model", parse: ValueParsers.model, spell: { $0 })
  static let modelOrOff = ValueType("model or `off`", parse: ValueParsers.model, spell: { $0 })
  static let path = ValueType("path", parse: ValueParsers.path, spell: { $0 })
  static let pathOrOff = ValueType("path or `off`", parse: ValueParsers.path, spell: { $0 })
}

extension ValueType where Value == [String] {
  static let models = ValueType(
    "models, comma separated", shape: .list, parseItems: ValueParsers.models,
    spell: { $0.joined(separator: ",") })
}

extension ValueType where Value == Secret {
  static let secret = ValueType("secret", parse: ValueParsers.secret, spell: \.description)
  static let secretText = ValueType("secret", parse: ValueParsers.secretText, spell: \.description)
}

extension ValueType where Value == [ClientKey] {
  static let clientKeys = ValueType(
    "`name:key`, comma separated", shape: .list, parseItems: ValueParsers.clientKeys,
    spell: { clients in clients.map { "\($0.name):\($0.key)" }.joined(separator: ",") })
}

extension ValueType where Value == Bool {
  static let boolean = ValueType("`true` or `false`", parse: ValueParsers.boolean, spell: \.description)
}

extension ValueType where Value == Percent {
  static let percent = ValueType("percent", parse: ValueParsers.percent, spell: \.description)
}

extension ValueType where Value == Int {
  static func integer(in range: ClosedRange<Int>) -> ValueType {
    ValueType(
      "integer", parse: { text throws(ValueProblem) in try ValueParsers.integer(text, in: range) },
      spell: \.description)
  }

  static func bytes(in range: ClosedRange<Int>) -> ValueType {
    ValueType(
      "bytes", parse: { text throws(ValueProblem) in try ValueParsers.byteCount(text, in: range) },
      spell: \.description)
  }

  /// Zero to a week.
  static let wholeSeconds = ValueType(
    "whole seconds", parse: { text throws(ValueProblem) in try ValueParsers.integer(text, in: 0...604_800) },
    spell: \.description)
}

extension ValueType where Value == SpelledNumber {
  /// Above zero.
  static func amount(upTo maximum: Double) -> ValueType {
    ValueType(
      "JSON number", parse: { text throws(ValueProblem) in try ValueParsers.amount(text, maximum: maximum) },
      spell: \.description)
  }

  static func number(upTo maximum: Double) -> ValueType {
    ValueType(
      "JSON number",
      parse: { text throws(ValueProblem) in try ValueParsers.jsonNumber(text, maximum: maximum) },
      spell: \.description)
  }
}

extension ValueType where Value == Duration {
  /// Above zero.
  static let seconds = seconds(minimumMilliseconds: 1)
  /// Zero means "not at all".
  static let secondsOrZero = seconds(minimumMilliseconds: 0)

  private static func seconds(minimumMilliseconds minimum: Int) -> ValueType {
    ValueType(
      "seconds",
      parse: { text throws(ValueProblem) in
        try ValueParsers.seconds(text, minimumMilliseconds: minimum)
      },
      spell: \.secondsText)
  }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  static var choice: ValueType {
    ValueType(
      Value.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
      parse: { text throws(ValueProblem) in try ValueParsers.choice(text, of: Value.self) },
      spell: \.rawValue)
  }
}

extension Duration {
  /// Whole milliseconds as seconds in the shortest decimal: `5`, `0.25`.
  var secondsText: String {
    let thousandths = Int(components.attoseconds / 1_000_000_000_000_000)
    guard thousandths > 0 else { return "\(components.seconds)" }
    var digits = String(1000 + thousandths).dropFirst()
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(components.seconds).\(digits)"
  }
}
