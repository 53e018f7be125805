import ArgumentParser
import WeirConfiguration
import WeirPolicy
import WeirProxy

/// `weir explain`.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what each step would decide for a request on standard input; sends nothing.",
    discussion: "Example: weir explain --header 'x-weir-user: ada' < request.json")

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .customLong("header"), help: "NAME: VALUE of a request header; may come several times.")
  var headers: [String] = []

  @Option(help: "The path that the request would be sent to.")
  var path = "/v1/chat/completions"

  func run() throws {
    let configuration = try options.loadOrExit()
    var pairs: [(name: String, value: String)] = []
    for header in headers {
      guard let colon = header.firstIndex(of: ":"), colon > header.startIndex else {
        Terminal.complain("weir explain: a --header is not of the form NAME: VALUE")
        throw ExitCode.usage
      }
      let value = header[header.index(after: colon)...].drop { $0 == " " }
      pairs.append((String(header[..<colon]), String(value)))
    }
    let explanation = Explanation.explain(
      configuration, path: path, headers: pairs, body: Terminal.readInput())
    for line in explanation.lines { Terminal.say(line) }
    if explanation.isRefused { throw ExitCode.failure }
  }
}
