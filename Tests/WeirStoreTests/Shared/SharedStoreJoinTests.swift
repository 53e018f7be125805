import Glibc
import Synchronization
import Testing
import WeirThreads

@testable import WeirStore

@Suite("Joining the fleet", .timeLimit(.minutes(10)))
struct SharedStoreJoinTests {
  /// How often somebody who listens is told, until the store is used.
  private func joins(of server: ForgetfulStore) async throws -> Int {
    defer { server.stop() }
    let settings = StoreSettings(place: .socket(path: server.path), deadline: .seconds(5))
    let store = try SharedStore(settings, observer: Silent())
    let joins = Atomic(0)
    store.onJoin { joins.add(1, ordering: .relaxed) }
    try store.start()
    while !store.isUp { try await Task.sleep(for: .milliseconds(10)) }
    store.stop()
    return joins.load(ordering: .relaxed)
  }

  @Test("is told where the connection ended before the answer that said so")
  func lostAnswer() async throws {
    #expect(try await joins(of: ForgetfulStore(beatsToLose: 1)) == 1)
  }

  @Test("is not told by a store that knew this sidecar")
  func known() async throws {
    #expect(try await joins(of: ForgetfulStore(beatsToLose: 0)) == 0)
  }

  private struct Silent: StoreObserver {
    func finished(_ operation: StoreOperation, after seconds: Double, failure: StoreFailure?) {}
    func changed(isUp: Bool, reason: String) {}
  }
}

/// Answers heartbeats as a store that knows the sidecar, but for the first ones: those are taken, and their connections
/// closed without an answer.
private final class ForgetfulStore: Sendable {
  let path: String
  private let listener: CInt
  private let isOver = Atomic(false)

  init(beatsToLose: Int) throws {
    path = "/tmp/weir-join-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in unsafe room.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 8) == 0)
    try NamedThread.start("test-store") { self.serve(beatsToLose) }
  }

  func stop() {
    isOver.store(true, ordering: .relaxed)
    unsafe unlink(path)
  }

  private func serve(_ beatsToLose: Int) {
    var losses = beatsToLose
    var clients: [CInt] = []
    while !isOver.load(ordering: .relaxed) {
      var entries = ([listener] + clients).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard unsafe poll(&entries, nfds_t(entries.count), 20) > 0 else { continue }
      if entries[0].revents != 0 { clients.append(accept(listener, nil, nil)) }
      for entry in entries.dropFirst() where entry.revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe read(entry.fd, &bytes, bytes.count)
        let asked = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        let isLost = asked.contains("EVAL") && losses > 0
        if isLost { losses -= 1 }
        if asked.isEmpty || isLost {
          close(entry.fd)
          clients.removeAll { $0 == entry.fd }
          continue
        }
        let answer = Array((asked.contains("EVAL") ? "*4\r\n$1\r\n1\r\n:1\r\n:0\r\n*0\r\n" : "+PONG\r\n").utf8)
        _ = unsafe write(entry.fd, answer, answer.count)
      }
    }
    for client in clients { close(client) }
    close(listener)
  }
}
