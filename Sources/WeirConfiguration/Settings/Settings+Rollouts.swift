extension Settings {
  static let stateFile = Setting(
    "WEIR_STATE_FILE", yaml: "state_file", .pathOrOff, default: "weir-state.json", reloadable: false,
    "Where changes of rollouts made on the running proxy are kept for the next start; without a path of its "
      + "own, beside the configuration file; `off` keeps them in memory only")
  static let variantOverride = Setting(
    "WEIR_VARIANT_OVERRIDE", yaml: "variant_override", .boolean, default: false,
    "`true` lets clients choose their variant of a rollout by the header `x-weir-variant`; for tests")

  static let rollouts = [stateFile.entry, variantOverride.entry]
}
