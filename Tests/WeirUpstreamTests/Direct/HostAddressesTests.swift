import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WeirUpstream

@Suite("Looking a host up", .timeLimit(.minutes(10)))
struct HostAddressesTests {
  /// Asks for the hosts at once and gives the answers in the order of the questions.
  private func find(_ hosts: [String]) async throws -> [HostAddresses.Answer] {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let answers = try await loop.flatSubmit {
      let book = HostAddresses(eventLoop: loop)
      let promises = hosts.map { host in
        let promise = loop.makePromise(of: HostAddresses.Answer.self)
        book.find(DirectAddress.Origin(isSecure: false, host: host, port: 81), now: 0) { promise.succeed($0) }
        return promise.futureResult
      }
      return EventLoopFuture.whenAllSucceed(promises, on: loop)
    }.get()
    try await group.shutdownGracefully()
    return answers
  }

  @Test("gives a literal address as it is", arguments: ["127.0.0.1", "::1"])
  func literal(host: String) async throws {
    let addresses = try await find([host]).map { try $0.get() }
    #expect(addresses.first?.map(\.ipAddress) == [host])
    #expect(addresses.first?.map(\.port) == [81])
  }

  @Test("asks the system, once for all who wait")
  func names() async throws {
    let addresses = try await find(["localhost", "localhost"]).map { try $0.get() }
    #expect(addresses.first?.contains { $0.ipAddress == "127.0.0.1" || $0.ipAddress == "::1" } == true)
    #expect(addresses.first == addresses.last)
  }

  @Test("says where there is none")
  func unknown() async throws {
    let answers = try await find(["no-such-host.invalid"])
    guard case .failure(let failure) = try #require(answers.first) else {
      Issue.record("an address of a host that is none")
      return
    }
    #expect(failure.kind == .unreachable)
    #expect(failure.reason == "the upstream's name was not found")
  }
}
