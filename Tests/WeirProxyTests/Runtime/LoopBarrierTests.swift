import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WeirProxy

@Suite("Whoever asks for what was recorded")
struct LoopBarrierTests {
  @Test("waits for the turn that each event loop is in", .timeLimit(.minutes(1)))
  func waits() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let asking = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let barrier = LoopBarrier(group)
    let recorded = Atomic<Int>(0)
    for loop in group.makeIterator() {
      loop.execute { recorded.add(1, ordering: .sequentiallyConsistent) }
    }
    try await barrier.passed(on: asking.any()).get()
    #expect(recorded.load(ordering: .sequentiallyConsistent) == 2)
    try await group.shutdownGracefully()
    try await asking.shutdownGracefully()
  }

  @Test("waits for no loop that has stopped", .timeLimit(.minutes(1)))
  func stopped() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let asking = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let barrier = LoopBarrier(group)
    #expect(!barrier.loopsStop)
    barrier.open()
    try await group.shutdownGracefully()
    try await barrier.passed(on: asking.any()).get()
    #expect(barrier.loopsStop)
    try await asking.shutdownGracefully()
  }
}
