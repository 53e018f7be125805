import WeirPolicy

/// `pricing` as the file says it, but for the settings among its keys; names not yet held against the catalog.
struct PricingSection {
  var baseline: Located<Baseline>?
}

extension SectionReader {
  /// `sections` are the file's, by path.
  mutating func pricing(_ sections: [String: SectionField]) -> PricingSection {
    var section = PricingSection()
    guard let field = sections["pricing.baseline"] else { return section }
    if field.isGroup {
      section.baseline = prices(field, in: .baseline).map {
        Located(value: .prices($0), key: field.key, line: field.line)
      }
    } else {
      section.baseline = located(field, ValueParsers.model).map {
        Located(value: .model($0.value), key: $0.key, line: $0.line)
      }
    }
    return section
  }
}
