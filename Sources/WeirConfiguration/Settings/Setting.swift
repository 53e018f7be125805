/// Everything about a setting but its value's type; the reference and `weir check` are made from it.
struct SettingEntry: Sendable {
  /// The variable, and the setting's name everywhere.
  let name: String
  /// Other names that mean the same, in falling precedence.
  let aliases: [String]
  /// Variables that other programs read too. They count only where no source names the setting itself, since
  /// images often set them for everyone.
  let sharedNames: [String]
  /// The key's path in the YAML file; nil where the file cannot say it.
  let yamlPath: String?
  let typeName: String
  let shape: YAMLShape
  /// Empty when unset.
  let defaultText: String
  /// One sentence without its full stop.
  let doc: String
  let isSecret: Bool
  /// Whether a reload applies a new value; otherwise it takes a restart.
  let isReloadable: Bool

  /// The setting's own name and its aliases.
  var ownNames: [String] { [name] + aliases }
}

/// One thing that an operator can decide.
struct Setting<Value: Sendable>: Sendable {
  let entry: SettingEntry
  let type: ValueType<Value>
  let fallback: Value

  init(
    _ name: String, aliases: [String] = [], sharedNames: [String] = [], yaml: String?,
    _ type: ValueType<Value>,
    default fallback: Value, secret: Bool = false, reloadable: Bool = true,
    _ doc: String
  ) {
    entry = SettingEntry(
      name: name, aliases: aliases, sharedNames: sharedNames, yamlPath: yaml, typeName: type.name,
      shape: type.shape, defaultText: type.spell(fallback), doc: doc, isSecret: secret,
      isReloadable: reloadable)
    self.type = type
    self.fallback = fallback
  }

  /// A setting that is absent unless given.
  init<Wrapped>(
    _ name: String, aliases: [String] = [], sharedNames: [String] = [], yaml: String?,
    _ type: ValueType<Wrapped>, secret: Bool = false, reloadable: Bool = true,
    _ doc: String
  ) where Value == Wrapped? {
    self.init(
      name, aliases: aliases, sharedNames: sharedNames, yaml: yaml, type.optional, default: nil,
      secret: secret, reloadable: reloadable, doc)
  }
}
