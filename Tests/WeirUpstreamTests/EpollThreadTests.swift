import NIOPosix
import Testing
import WeirThreads

@testable import WeirUpstream

@Suite("The thread that wakes an event loop")
struct EpollThreadTests {
  @Test("is an error where none is to be had, and the process goes on")
  func refusal() throws {
    let poller = try SocketPoller()
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    #expect(throws: ThreadStartError.self) {
      try EpollThread(watching: poller.descriptor, eventLoop: loop, stackBytes: 1 << 60) {}
    }
  }
}
