import WeirPolicy

/// A rollout of the file, with the lines that problems name.
struct RolloutEntry {
  let rollout: Rollout
  let field: SectionField
  /// Where each incumbent and each variant's model is named.
  let incumbents: [Located<String>]
  let targets: [Located<String>]
}

extension SectionReader {
  /// The most rollouts, variants of one and incumbents of one: more would neither fit a metric's label nor a
  /// person's mind, and each costs work at every reload.
  static let maximumRollouts = 50
  static let maximumVariants = 20
  static let maximumIncumbents = 50

  /// The rollouts of the file; those with a mistake are reported and left out.
  mutating func rollouts(_ field: SectionField?, allowsOverride: Bool) -> [RolloutEntry] {
    var entries: [RolloutEntry] = []
    var names: Set<String> = []
    let elements = elements(of: field, namedBy: "name")
    if let field, elements.count > SectionReader.maximumRollouts {
      report(
        field, "there are \(elements.count) rollouts", fix: "keep at most \(SectionReader.maximumRollouts)")
      return []
    }
    for element in elements {
      guard let entry = rollout(element, allowsOverride: allowsOverride) else { continue }
      guard names.insert(entry.rollout.name).inserted else {
        report(element, "there are two rollouts named \(entry.rollout.name)", fix: "rename one")
        continue
      }
      entries.append(entry)
    }
    return entries
  }

  private mutating func rollout(_ field: SectionField, allowsOverride: Bool) -> RolloutEntry? {
    let before = problems.count
    let fields = fields(of: field, in: .rollout)
    let name = value(fields["name"], ValueParsers.name)
    let from = names(fields["from"])
    if let field = fields["from"], from.isEmpty, problems.count == before {
      report(field, "there is no incumbent, so the rollout would never be used", fix: "name a model")
    }
    if let field = fields["from"], from.count > SectionReader.maximumIncumbents {
      report(field, "there are \(from.count) incumbents", fix: "use patterns such as gpt-4*")
    }
    let variants = variants(fields["variants"])
    let pins = pins(fields["pins"], variants: variants.map(\.value.name))
    let isEnabled = value(fields["enabled"], ValueParsers.boolean) ?? true
    let isOverridable = value(fields["allow_override"], ValueParsers.boolean) ?? allowsOverride
    guard let name, problems.count == before else { return nil }
    do throws(RolloutProblem) {
      let rollout = try Rollout(
        name: name, from: from.map(\.value), variants: variants.map(\.value), pins: pins,
        allowsOverride: isOverridable, isEnabled: isEnabled)
      let targets = variants.map { Located(value: $0.value.model, key: $0.key, line: $0.line) }
      return RolloutEntry(rollout: rollout, field: field, incumbents: from, targets: targets)
    } catch {
      report(field, "\(error)", fix: "correct the rollout")
      return nil
    }
  }

  private mutating func variants(_ field: SectionField?) -> [Located<RolloutVariant>] {
    let elements = elements(of: field, namedBy: "name")
    guard let field else { return [] }
    if case .list = field.node.content, !(1...SectionReader.maximumVariants).contains(elements.count) {
      report(
        field, "there are \(elements.count) variants", fix: "give 1 to \(SectionReader.maximumVariants)")
      return []
    }
    var variants: [Located<RolloutVariant>] = []
    var names: Set<String> = [RolloutAssignment.incumbent]
    for element in elements {
      guard let variant = variant(element) else { continue }
      guard names.insert(variant.value.name).inserted else {
        report(
          element, "\(variant.value.name) cannot name this variant",
          fix: "give variants different names; incumbent means those who stay")
        continue
      }
      variants.append(variant)
    }
    checkSum(of: variants.map(\.value.share), "percentages", field)
    checkSum(of: variants.map { $0.value.room ?? 0 }, "rooms", field)
    return variants
  }

  private mutating func checkSum(of hundredths: [Int], _ what: String, _ field: SectionField) {
    let sum = hundredths.reduce(0, +)
    guard sum > 10_000 else { return }
    let text = Percent.text(hundredths: sum)
    report(field, "the variants' \(what) add up to \(text)", fix: "lower them to at most 100 in sum")
  }

  private mutating func variant(_ field: SectionField) -> Located<RolloutVariant>? {
    let fields = fields(of: field, in: .variant)
    let name = value(fields["name"], ValueParsers.name)
    let model = value(fields["model"], ValueParsers.modelID)
    let percent = value(fields["percent"], ValueParsers.percent)
    let room = value(fields["room"], ValueParsers.percent)
    let isEnabled = value(fields["enabled"], ValueParsers.boolean) ?? true
    guard let name, let model, let percent else { return nil }
    let variant = RolloutVariant(
      name: name, model: model, share: percent.hundredths, room: room?.hundredths, isEnabled: isEnabled)
    return Located(value: variant, key: field.key, line: fields["model"]?.line ?? field.line)
  }

  /// Users by variant in the file, variants by user for the policy.
  private mutating func pins(_ field: SectionField?, variants: [String]) -> [String: String] {
    var pins: [String: String] = [:]
    let known = variants + [RolloutAssignment.incumbent]
    for entry in entries(of: field) {
      if !known.contains(entry.name) {
        report(
          entry, "no variant is named \(ValueProblem.quoted(entry.name))",
          fix: NearestName.of(entry.name, among: known).map { "did you mean \($0)?" } ?? "name a variant")
      }
      for (user, line) in values(entry, ValueParsers.user) {
        if let other = pins.updateValue(entry.name, forKey: user), other != entry.name {
          report(
            line: line, key: entry.key, "the user \(ValueProblem.quoted(user)) is pinned to \(other) too",
            fix: "keep one of the two")
        }
      }
    }
    return pins
  }
}
