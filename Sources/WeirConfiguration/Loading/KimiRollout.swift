import WeirPolicy

/// A rollout and where each part of it stands.
struct PlacedRollout {
  let rollout: Rollout
  /// The YAML entry; nil where `KIMI_ROLLOUT_*` describe the rollout alone.
  let entry: RolloutEntry?
  /// Where the incumbents are named.
  let fromOrigin: ValueOrigin
  let fromKey: String
  /// The incumbents are the environment's, not the entry's.
  var isFromOutranked = false
  /// Where the shares are named.
  let shareOrigin: ValueOrigin

  /// Where an incumbent is named.
  func place(ofIncumbent name: String, path: String) -> (origin: ValueOrigin, key: String) {
    if isFromOutranked { return (fromOrigin, fromKey) }
    return entry?.incumbents.first { $0.value == name }.map { $0.place(path) } ?? (fromOrigin, fromKey)
  }

  /// Where a model of either side is named.
  func place(of name: String, path: String) -> (origin: ValueOrigin, key: String) {
    if rollout.from.contains(name) { return place(ofIncumbent: name, path: path) }
    return entry?.targets.first { $0.value == name }.map { $0.place(path) } ?? (fromOrigin, fromKey)
  }
}

extension Located {
  fileprivate func place(_ path: String) -> (origin: ValueOrigin, key: String) {
    (.file(path: path, line: line), key)
  }
}

/// The rollout `kimi`, which `KIMI_ROLLOUT_PERCENTAGE` and `KIMI_ROLLOUT_FROM` describe, beside those of the
/// file.
///
/// A file's rollout of that name takes its place; values that the environment or the env file gives go before
/// the file's, as everywhere. A file with rollouts of its own that nobody gave Kimi settings beside is taken
/// as it is.
enum KimiRollout {
  static let name = "kimi"

  static func place(
    among entries: [RolloutEntry], _ parts: ConfigurationParts, _ resolver: inout SettingsResolver
  ) -> [PlacedRollout] {
    let path = resolver.yaml.path
    if let index = entries.firstIndex(where: { $0.rollout.name == name }) {
      return entries.enumerated().map { position, entry in
        position == index ? merged(entry, parts, &resolver) : placed(entry, path)
      }
    }
    let percent = resolver.place(of: Settings.rolloutPercentage)
    let from = resolver.place(of: Settings.rolloutFrom)
    let isSilent = percent.origin == .builtIn && from.origin == .builtIn
    let others = entries.map { placed($0, path) }
    guard entries.isEmpty || !isSilent, let rollout = rollout(parts) else { return others }
    let own = PlacedRollout(
      rollout: rollout, entry: nil, fromOrigin: from.origin, fromKey: from.key, shareOrigin: percent.origin)
    // A rollout that nobody is in must not keep requests from the others.
    return rollout.share > 0 ? [own] + others : others + [own]
  }

  private static func rollout(_ parts: ConfigurationParts) -> Rollout? {
    let kimi = parts.kimi
    return try? Rollout(
      name: name, from: kimi.rolloutFrom,
      variants: [RolloutVariant(name: name, model: kimi.modelID, share: kimi.rolloutPercent.hundredths)],
      allowsOverride: parts.allowsVariantOverride)
  }

  private static func placed(_ entry: RolloutEntry, _ path: String) -> PlacedRollout {
    let origin = ValueOrigin.file(path: path, line: entry.field.line)
    return PlacedRollout(
      rollout: entry.rollout, entry: entry, fromOrigin: origin, fromKey: entry.field.key, shareOrigin: origin)
  }

  /// The file's rollout with what the environment says in its place; `weir check` shows what is in effect.
  private static func merged(
    _ entry: RolloutEntry, _ parts: ConfigurationParts, _ resolver: inout SettingsResolver
  ) -> PlacedRollout {
    let plain = placed(entry, resolver.yaml.path)
    var rollout = entry.rollout
    let from = resolver.outranking(Settings.rolloutFrom, entry.field)
    if from != nil { rollout = renamed(rollout, from: parts.kimi.rolloutFrom) }
    let percent = resolver.outranking(Settings.rolloutPercentage, entry.field)
    if percent != nil { rollout = rollout.sharing(parts.kimi.rolloutPercent.hundredths) }
    let share = Percent.text(hundredths: rollout.share)
    resolver.record(Settings.rolloutPercentage.entry, share, percent?.origin ?? plain.shareOrigin)
    resolver.record(
      Settings.rolloutFrom.entry, rollout.from.joined(separator: ","), from?.origin ?? plain.fromOrigin)
    return PlacedRollout(
      rollout: rollout, entry: entry, fromOrigin: from?.origin ?? plain.fromOrigin,
      fromKey: from?.key ?? plain.fromKey, isFromOutranked: from != nil,
      shareOrigin: percent?.origin ?? plain.shareOrigin)
  }

  private static func renamed(_ rollout: Rollout, from: [String]) -> Rollout {
    let changed = try? Rollout(
      name: rollout.name, from: from, variants: rollout.variants, pins: rollout.pins,
      allowsOverride: rollout.allowsOverride, isEnabled: rollout.isEnabled)
    return changed ?? rollout
  }
}

extension Rollout {
  /// The same rollout with another share, split as its own shares are.
  fileprivate func sharing(_ hundredths: Int) -> Rollout {
    let table = try? RolloutTable([self], catalog: .builtIn, isKimiEnabled: true)
    let changed = try? table?.settingPercent(of: name, to: hundredths, who: "", when: 0)
    return changed?.table.entry(named: name)?.current ?? self
  }
}

extension SettingsResolver {
  /// Where a setting that goes before the file's rollout `kimi` comes from; nil where nobody gave it.
  ///
  /// The operator is told; the file that says both contradicts itself.
  fileprivate mutating func outranking<Value>(
    _ setting: Setting<Value>, _ field: SectionField
  ) -> (origin: ValueOrigin, key: String)? {
    let place = place(of: setting)
    guard place.origin != .builtIn else { return nil }
    if place.key == setting.entry.yamlPath {
      problems.append(
        ConfigurationProblem(
          .error, at: place.origin, key: place.key, what: "the rollout kimi is described twice in this file",
          fix: "remove \(place.key), or the rollout \(field.key) in line \(field.line)"))
    } else {
      problems.append(
        ConfigurationProblem(
          .warning, at: .file(path: yaml.path, line: field.line), key: field.key,
          what: "\(place.key) (\(place.origin)) goes before what this rollout says",
          fix: "unset \(place.key) to let this file decide"))
    }
    return place
  }
}
