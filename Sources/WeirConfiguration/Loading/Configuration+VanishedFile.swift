extension Configuration {
  /// The env file that `previous` was made from and that is not there any more, as a problem; nil when none is missing.
  ///
  /// Only the default `.env` can be missing in silence. A running proxy must not take that for "no settings": its kill
  /// switch might be in there, and a file that is being replaced is gone for a moment.
  public func problemsOfVanishedFile(since previous: Configuration) -> ConfigurationProblems? {
    guard let path = previous.envFileRead, envFileRead == nil else { return nil }
    return ConfigurationProblems([
      ConfigurationProblem(
        .error, source: path, what: "the file does not exist any more",
        fix: "put it back, or restart weir to run without it")
    ])
  }

  private var envFileRead: String? {
    origins.first { $0.name == Settings.envFile.entry.name }.flatMap { $0.text.isEmpty ? nil : $0.text }
  }
}
