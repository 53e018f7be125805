import ArgumentParser
import WeirConfiguration
import WeirPolicy
import WeirProxy

/// `weir audit`.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Checks or shows the audit log.",
    subcommands: [AuditVerify.self, AuditShow.self])
}

/// `weir audit verify`.
struct AuditVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Follows the audit log's chain and finds the first line that breaks it.",
    discussion: """
      weir audit verify                     the log of WEIR_AUDIT_LOG with all its earlier files
      weir audit verify audit.log*          files in any order

      Exit status 0 when every line is as it was written and follows the one before, 1 at the first that is not, 64 \
      without a file. Lines that a crash cut off are named and break nothing. Whoever can write the file can make a \
      whole new chain: keep the last number and hash that this command prints elsewhere.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Argument(help: "The files; without any, those of WEIR_AUDIT_LOG.")
  var files: [String] = []

  func run() throws {
    let files = try options.auditFiles(files)
    do {
      let check = try AuditFiles.check(files)
      for place in check.torn {
        Terminal.say("\(place.file):\(place.line): cut off by a crash or a full disk; nothing after it is affected")
      }
      guard let end = check.end, let first = check.first else {
        Terminal.say("no lines")
        return
      }
      if first > 1 { Terminal.say("begins at number \(first): earlier files are gone") }
      Terminal.say("\(check.lines) lines hold; the last has number \(end.sequence) and hash")
      Terminal.say(String(decoding: end.hash, as: UTF8.self))
    } catch let broken as AuditCheck.Break {
      Terminal.complain("\(broken.place.file):\(broken.place.line): \(broken.what)")
      throw ExitCode.failure
    } catch {
      Terminal.complain("weir audit verify: \(error)")
      throw ExitCode.failure
    }
  }
}

/// `weir audit show`.
struct AuditShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints the last lines of the audit log, as they stand.")

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "How many lines.")
  var lines = 20

  @Option(help: "Only lines of this event, for example refused.")
  var event: String?

  func run() throws {
    var last: [String] = []
    let mark = event.map { "\"event\":\"\($0)\"" }
    do {
      for file in try options.auditFiles([]) {
        try AuditFiles.forEachLine(of: file) { line, _ in
          let text = String(decoding: line, as: UTF8.self)
          if let mark, !text.contains(mark) { return }
          last.append(text)
          if last.count / 2 > max(lines, 0) { last.removeFirst(last.count - max(lines, 0)) }
        }
      }
    } catch let error as AuditFiles.Unreadable {
      Terminal.complain("weir audit show: \(error)")
      throw ExitCode.failure
    }
    for line in last.suffix(max(lines, 0)) { Terminal.say(line) }
  }
}

extension ConfigurationOptions {
  /// The files named, else those of the configuration.
  fileprivate func auditFiles(_ named: [String]) throws -> [String] {
    guard named.isEmpty else { return named }
    guard let path = try loadOrExit().audit.file else {
      Terminal.complain("weir audit: there is no audit log (WEIR_AUDIT_LOG is off); name its files")
      throw ExitCode.usage
    }
    return AuditFiles.all(of: path)
  }
}
