extension SectionReader {
  /// The format of the YAML file that this version reads. A later one may mean other things by the same words, so it is
  /// refused and not guessed at.
  static let format = 1

  /// Refuses a file that says it has another format; one that says nothing has this one.
  mutating func checkFormat(_ field: SectionField?) {
    let found = value(field) { text throws(ValueProblem) in try ValueParsers.integer(text, in: 1...Int.max) }
    guard let field, let found, found != SectionReader.format else { return }
    report(
      field, "the file has the format \(found), and this weir reads format \(SectionReader.format)",
      fix: "use the weir that it was written for, or rewrite the file and say version: \(SectionReader.format)")
  }
}
