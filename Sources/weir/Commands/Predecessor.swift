import ArgumentParser
import FoundationEssentials
import Glibc
import WeirConfiguration
import WeirUpstream

/// The running proxy whose place this process takes.
struct Predecessor {
  private let pid: pid_t

  private struct Answer: Decodable {
    let pid: Int32
  }

  /// Asks what runs at the configured admin listener to share its addresses; nil where nothing runs. Ends the command where
  /// something answers that cannot hand over.
  static func announce(_ listeners: Configuration.Listeners) async throws -> Predecessor? {
    guard listeners.admin.port != 0, listeners.traffic.port != 0 else {
      Terminal.complain("weir serve: --take-over needs WEIR_LISTEN and WEIR_ADMIN_LISTEN with ports other than 0")
      throw ExitCode.usage
    }
    let peer = listeners.admin.asPeer
    let fields = listeners.adminToken.map { [("Authorization", "Bearer \($0.reveal())")] } ?? []
    let timeouts = PhaseTimeouts(connect: .seconds(5), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(20))
    let result = try await Caller.with(certificateAuthorityFile: nil, honoursProxies: false) { caller in
      await caller.ask("POST", "http://\(peer)/hand-over?pid=\(getpid())", fields: fields, body: [], timeouts: timeouts)
    }
    switch result {
    case .failure(let failure) where failure.kind == .unreachable: return nil
    case .failure(let failure): throw refused(peer, failure.reason)
    case .success(let reply) where reply.status == 409:
      Terminal.complain(
        "weir serve: what runs at \(peer) drains, or another process takes over from it now; try again in a moment")
      throw ExitCode.failure
    case .success(let reply):
      guard reply.status == 200, let answer = reply.decoded(as: Answer.self), answer.pid > 1 else {
        throw refused(peer, "it answers \(reply.status) to POST /hand-over")
      }
      return Predecessor(pid: answer.pid)
    }
  }

  /// This process listens; the other is to serve out what it has.
  func relieve() {
    guard kill(pid, SIGUSR2) != 0 else { return }
    Terminal.complain(
      "weir serve: the running proxy \(pid) cannot be told to drain: \(unsafe String(cString: strerror(errno))); stop it"
    )
  }

  private static func refused(_ peer: ListenAddress, _ reason: String) -> ExitCode {
    Terminal.complain("weir serve: what runs at \(peer) cannot be taken over: \(reason)")
    Terminal.complain("stop it first, or start without --take-over where nothing runs")
    return ExitCode.failure
  }
}
