import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing
import WeirConfiguration
import WeirMetrics

@testable import WeirPolicy
@testable import WeirProxy

@Suite("Rollouts that are flipped while another process takes over")
struct LiveConfigurationTests {
  /// What one process has of rollouts; several of them may have the same state file.
  private struct Process {
    let live: LiveConfiguration
    let state: ProxyState
    let remembered: RememberedRollouts

    func flip(_ percent: Int) -> Bool {
      if case .success = live.change("kimi", .percent(percent * 100), who: "test") { true } else { false }
    }

    var percent: Int? { live.rollouts.entry(named: "kimi").map { $0.current.share / 100 } }
  }

  /// Runs `body` with as many processes as it asks for, and the state file that they share.
  private func withProcesses(_ body: (URL, () async throws -> Process) async throws -> Void) async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "weir-state-\(UUID().uuidString)")
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let log = try Pipe()
    let sink = try LogSink(descriptor: log.writer)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var all: [LoopDirectory] = []
    try await body(file) {
      let configuration = try configuration(["WEIR_STATE_FILE": file.path])
      let remembered = RememberedRollouts(configuration)
      let state = try ProxyState(
        snapshot: RuntimeSnapshot(configuration, rollouts: remembered.table), metrics: ProxyMetrics(knownModels: []),
        ledger: LedgerKeeper(path: nil, logger: logger), log: sink, logger: logger)
      let loops = try await LoopDirectory.make(
        group: group, state: state, barrier: LoopBarrier(group), honoursProxies: false)
      all.append(loops)
      let live = LiveConfiguration(state: state, loops: loops, logger: logger, remembered: remembered) {
        () throws(ConfigurationProblems) in configuration
      }
      return Process(live: live, state: state, remembered: remembered)
    }
    for loops in all { try await loops.onEveryLoop { $0.shutDown() } }
    try await group.shutdownGracefully()
    sink.close()
    try? FileManager.default.removeItem(at: file)
  }

  @Test("are refused, and change nothing, once the other one has")
  func handedOver() async throws {
    try await withProcesses { file, start in
      let old = try await start()
      #expect(old.flip(25))
      let saved = try Data(contentsOf: file)
      old.state.noteHandOver()
      #expect(!old.flip(50))
      #expect(old.live.reset("kimi", who: "test") == nil)
      #expect(!old.live.switchKimi(to: false, who: "test") && old.live.killSwitch.isKimiEnabled)
      #expect(old.percent == 25)
      #expect(try Data(contentsOf: file) == saved)
    }
  }

  @Test("are all in the file in the end, whoever of the two wrote it last")
  func bothWrite() async throws {
    try await withProcesses { file, start in
      let old = try await start()
      let new = try await start()
      #expect(new.flip(25))
      // The old one knows nothing of that, and writes over it.
      #expect(old.live.switchKimi(to: false, who: "test"))
      new.live.inherit(since: new.remembered)
      #expect(new.percent == 25 && !new.live.killSwitch.isKimiEnabled)
      let next = try await start()
      #expect(next.percent == 25 && !next.live.killSwitch.isKimiEnabled)
    }
  }

  @Test("of one rollout in both are the later one's, in the file too")
  func bothOfOne() async throws {
    try await withProcesses { file, start in
      let old = try await start()
      let new = try await start()
      #expect(old.flip(10))
      let written = try Data(contentsOf: file)
      #expect(new.flip(25))
      try written.write(to: file)
      new.live.inherit(since: new.remembered)
      #expect(new.percent == 25)
      #expect(try await start().percent == 25)
    }
  }
}
