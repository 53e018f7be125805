import CWeirSystem

/// Which build this is.
enum Version {
  /// Semantic version (semver.org).
  static let text = "0.1.0"

  /// The commit that it was built from, `-dirty` behind it where files were changed; empty where the build was not told.
  static let commit = unsafe String(cString: weir_commit())

  /// What `weir --version` prints: `0.1.0 (a1b2c3d4e5f6)`.
  static let line = commit.isEmpty ? text : "\(text) (\(commit))"
}
