import Glibc

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

  /// The files of this configuration that are pipes, as problems; nil when none is. What was in a pipe is gone once it was
  /// read: read again it would pass for "no settings", which takes client keys and limits away, or block for as long as
  /// nobody writes into it.
  public var problemsOfPipes: ConfigurationProblems? {
    let pipes = files.filter { path in
      var status = stat()
      return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
    guard !pipes.isEmpty else { return nil }
    return ConfigurationProblems(
      pipes.map {
        ConfigurationProblem(
          .error, source: $0, what: "a pipe cannot be read again", fix: "restart weir, or give it a file")
      })
  }

  /// That clients needed keys so far and would need none any more, as a problem; nil where it is not so. A file that was
  /// emptied says so, and nobody means to open a proxy that way.
  public func problemsOfOpening(since previous: Configuration) -> ConfigurationProblems? {
    guard !previous.clients.isEmpty, clients.isEmpty else { return nil }
    return ConfigurationProblems([
      ConfigurationProblem(
        .error, source: files.last ?? "environment",
        what: "there is no client key any more, so anyone could use this proxy",
        fix: "put one back, or restart weir to run without")
    ])
  }

  private var envFileRead: String? {
    origins.first { $0.name == Settings.envFile.entry.name }.flatMap { $0.text.isEmpty ? nil : $0.text }
  }
}
