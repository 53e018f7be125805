/// What makes a rollout impossible, or dead.
public enum RolloutProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// A rollout without a name.
  case emptyName
  /// Two rollouts of one name.
  case duplicateRollout(String)
  /// A rollout that nothing is moved from.
  case noIncumbents(rollout: String)
  /// A rollout that nothing is moved to.
  case noVariants(rollout: String)
  /// A variant's name is empty, used twice, or `incumbent`.
  case invalidVariantName(rollout: String, variant: String)
  /// A share or room below 0 or above 10,000 hundredths.
  case shareOutOfRange(rollout: String, variant: String, hundredths: Int)
  /// Shares of more than 100 % in sum.
  case sharesOverWhole(rollout: String, hundredths: Int)
  /// Rooms of more than 100 % in sum.
  case roomsOverWhole(rollout: String, hundredths: Int)
  /// A user is pinned to a variant that is not there.
  case unknownPin(rollout: String, variant: String)
  /// A change names a rollout that is not there.
  case unknownRollout(String, known: [String])
  /// A change names a variant that is not there.
  case unknownVariant(rollout: String, variant: String, known: [String])
  /// A pattern in `from`, or a variant's model, fits no model of the catalog.
  case unknownModel(rollout: String, model: String, nearNames: [String])
  /// All that a `from` pattern matches is taken by a rollout before it.
  case neverReached(rollout: String, from: String, takenBy: String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .emptyName: "a rollout has no name; name it"
    case .duplicateRollout(let name): "there are two rollouts named \(name); rename one"
    case .noIncumbents(let rollout): "rollout \(rollout) has no `from` models, so it would never be used"
    case .noVariants(let rollout): "rollout \(rollout) has no variants to move users to"
    case .invalidVariantName(let rollout, let variant):
      "rollout \(rollout): \"\(variant)\" cannot name a variant; names differ, and `incumbent` means the rest"
    case .shareOutOfRange(let rollout, let variant, let hundredths):
      "rollout \(rollout): \(ShareText.percent(hundredths)) for \(variant) is not within 0 and 100 percent"
    case .sharesOverWhole(let rollout, let hundredths):
      "rollout \(rollout): the variants' shares add up to \(ShareText.percent(hundredths)) percent; 100 is the most"
    case .roomsOverWhole(let rollout, let hundredths):
      "rollout \(rollout): the variants' rooms add up to \(ShareText.percent(hundredths)) percent; 100 is the most"
    case .unknownPin(let rollout, let variant):
      "rollout \(rollout): users are pinned to \(variant), which is none of its variants"
    case .unknownRollout(let name, let known):
      "there is no rollout named \(name); there are: \(ShareText.list(known))"
    case .unknownVariant(let rollout, let variant, let known):
      "rollout \(rollout) has no variant \(variant); it has: \(ShareText.list(known))"
    case .unknownModel(let rollout, let model, let near):
      "rollout \(rollout): no model is called \(model)"
        + (near.isEmpty ? "; add it to the catalog" : "; near names: \(ShareText.list(near))")
    case .neverReached(let rollout, let from, let takenBy):
      "rollout \(rollout) never gets requests for \(from): rollout \(takenBy) comes first"
    }
  }
}

/// Spells shares for people.
enum ShareText {
  /// Hundredths of a percent as the shortest decimal: 1250 is `12.5`.
  static func percent(_ hundredths: Int) -> String {
    let (whole, rest) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
    return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }

  static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}
