/// Which build this is.
enum Version {
  /// Semantic version (semver.org).
  static let text = "0.1.0"
}
