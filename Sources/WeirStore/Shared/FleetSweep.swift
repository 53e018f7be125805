/// What becomes of things that a dead sidecar held.
enum FleetSweep {
  /// Defines the Lua function `sweep(base, sidecar)`, which the heartbeat calls for a sidecar that has died and for one that
  /// ends; `base` is what all keys of the fleet begin with.
  static let source = LimitScripts.sweep
}
