import Dispatch
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WeirMetrics

@testable import WeirProxy

@Suite("All event loops")
struct LoopDirectoryTests {
  @Test("do their part at the same time, where all are asked to", .timeLimit(.minutes(1)))
  func together() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let log = try Pipe()
    let sink = try LogSink(descriptor: log.writer)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let state = try ProxyState(
      snapshot: RuntimeSnapshot(try configuration()), metrics: ProxyMetrics(knownModels: []),
      ledger: LedgerKeeper(path: nil, logger: logger), log: sink, logger: logger)
    let loops = try await LoopDirectory.make(
      group: group, state: state, barrier: LoopBarrier(group), honoursProxies: false)
    let began = Atomic<Int>(0)
    let sawBoth = Atomic<Int>(0)
    let gate = DispatchSemaphore(value: 0)
    try await loops.onEveryLoop { _ in
      // The last one to begin opens for both.
      if began.add(1, ordering: .sequentiallyConsistent).newValue == 2 { for _ in 0..<2 { gate.signal() } }
      if gate.wait(timeout: .now() + 20) == .success { sawBoth.add(1, ordering: .sequentiallyConsistent) }
    }
    #expect(sawBoth.load(ordering: .sequentiallyConsistent) == 2)
    try await loops.onEveryLoop { $0.shutDown() }
    try await group.shutdownGracefully()
    sink.close()
  }
}
