import ArgumentParser
import Glibc
import WeirConfiguration
import WeirStore

/// `weir report`.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads the usage ledger: requests, errors, latency, tokens, cost, tool calls and savings.",
    discussion: """
      weir report                                   the last 24 hours by model
      weir report --since 7d --by rollout,variant   a rollout's variants side by side
      weir report --since all --by day --format csv

      Times are from the request to the reply's end, `first` is the median time to the first output. `saved` is the \
      cost against the baseline model's. The proxy may run meanwhile. Exit status 0, 1 when the ledger cannot be \
      read, 64 for a wrong option.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "How far back: a number with s, m, h, d or w, or `all`.")
  var since = "24h"

  @Option(help: "Groups, joined by commas: \(Report.dimensions).")
  var by = "model"

  @Option(help: "table, json or csv.")
  var format = Format.table

  @Option(help: "The ledger's file; without it, WEIR_LEDGER.")
  var ledger: String?

  enum Format: String, ExpressibleByArgument {
    case table, json, csv
  }

  static let dimensions = LedgerDimension.allCases.map(\.rawValue).joined(separator: ", ")

  func run() throws {
    let start = try span().start(nowMilliseconds: Self.wallMilliseconds())
    let query = LedgerQuery(sinceMilliseconds: start, by: try groups())
    let path = try ledgerPath()
    let report: LedgerReport
    do throws(LedgerError) {
      report = try LedgerReader(path: path).report(query)
    } catch {
      Terminal.complain("weir report: \(error)")
      throw ExitCode.failure
    }
    switch format {
    case .json:
      report.writeJSON { Terminal.print($0) }
      Terminal.print("\n")
    case .csv:
      report.writeCSV { Terminal.print($0) }
      Terminal.print("\n")
    case .table:
      Terminal.say(report.table())
      // Standard output stays the table alone.
      if report.total.requests == 0 {
        Terminal.complain("weir report: \(path) has no request since \(since); --since all looks at all of it")
      }
    }
  }

  private func span() throws -> LedgerSpan {
    guard let span = LedgerSpan(since) else {
      Terminal.complain("weir report: --since \(since): give a number with s, m, h, d or w, such as 24h, or `all`")
      throw ExitCode.usage
    }
    return span
  }

  private func groups() throws -> [LedgerDimension] {
    do throws(UnknownDimension) {
      return try LedgerDimension.list(by)
    } catch {
      Terminal.complain("weir report: --by \(error.name): give one or more of \(Self.dimensions), each once")
      throw ExitCode.usage
    }
  }

  /// A configuration that is broken does not keep anybody from reading a file that they name.
  private func ledgerPath() throws -> String {
    if let ledger { return ledger }
    guard let path = try options.loadOrExit().ledgerPath else {
      Terminal.complain("weir report: the ledger is off (WEIR_LEDGER=off); name a file by --ledger")
      throw ExitCode.failure
    }
    return path
  }

  private static func wallMilliseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
