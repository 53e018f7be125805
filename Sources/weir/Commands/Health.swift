import ArgumentParser
import WeirConfiguration
import WeirUpstream

/// `weir health`.
struct Health: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Asks the running proxy whether it serves; for the health checks of containers.",
    discussion: """
      Asks /healthz of the admin listener (WEIR_ADMIN_LISTEN, with port 0 WEIR_PORT_FILE, or --admin), with --ready \
      /readyz, which says no while weir drains. Prints the answer. Exit status 0 for yes, 1 for no or no answer within \
      5 seconds.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Asks whether it takes requests.")
  var ready = false

  @Option(help: "HOST:PORT of the running proxy's admin listener.")
  var admin: String?

  func run() async throws {
    let listener = try admin.map(parsed)?.asPeer ?? options.listenersOrExit().runningAdmin
    let timeouts = PhaseTimeouts(connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(5))
    let result = try await Caller.with(certificateAuthorityFile: nil, honoursProxies: false) { caller in
      await caller.ask("GET", "http://\(listener)/\(ready ? "readyz" : "healthz")", timeouts: timeouts)
    }
    switch result {
    case .failure(let failure):
      Terminal.complain("weir health: no proxy answers at \(listener): \(failure.reason)")
      throw ExitCode.failure
    case .success(let reply):
      let text = String(decoding: reply.body, as: UTF8.self)
      Terminal.mention(text.hasSuffix("\n") ? String(text.dropLast()) : text)
      guard reply.status == 200 else { throw ExitCode.failure }
    }
  }

  private func parsed(_ text: String) throws -> ListenAddress {
    do {
      return try ListenAddress(parsing: text)
    } catch {
      Terminal.complain("weir health: --admin \(text): \(error)")
      throw ExitCode.usage
    }
  }
}

extension ListenAddress {
  /// The address under which a process of the same machine reaches this listener: one that listens everywhere has none of
  /// its own.
  var asPeer: ListenAddress {
    switch host {
    case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
    case "::": ListenAddress(host: "::1", port: port)
    default: self
    }
  }
}
