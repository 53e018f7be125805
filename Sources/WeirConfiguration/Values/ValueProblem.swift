/// Why a text is not a value of its type; the loader adds the place.
///
/// Neither text shows a secret: parsers of secrets, and of URLs that may hold one, never quote their input.
struct ValueProblem: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  let what: String
  /// What would be right.
  let fix: String

  /// Both, for a value that has no place in a file: an argument of the command line.
  var description: String { "\(what); \(fix)" }

  init(_ what: String, fix: String) {
    self.what = what
    self.fix = fix
  }

  /// `text` in quotation marks, cut at 40 characters, with control characters made visible.
  static func quoted(_ text: some StringProtocol) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(40) {
      shown += scalar.value < 0x20 || scalar.value == 0x7F ? "?" : String(scalar)
    }
    return "\"\(shown)\(text.unicodeScalars.count > 40 ? "…" : "")\""
  }
}
