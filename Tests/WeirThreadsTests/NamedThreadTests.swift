import Glibc
import Testing
import WeirThreads

@Suite("A named thread", .timeLimit(.minutes(10)))
struct NamedThreadTests {
  /// What the system calls the thread that asks.
  private static func ownName() -> String {
    let file = unsafe open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  @Test("does its work under its name, of which the system keeps 15 bytes", arguments: [nil, 256 * 1024])
  func work(_ stackBytes: Int?) async throws {
    let name = try await withCheckedThrowingContinuation { continuation in
      do {
        try NamedThread.start("weir-test-of-a-long-name", stackBytes: stackBytes) {
          continuation.resume(returning: Self.ownName())
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
    #expect(name == "weir-test-of-a-\n")
  }

  @Test("that is not to be had is an error that says why, and keeps nothing of the work", arguments: [1 << 60, 1])
  func refusal(_ stackBytes: Int) {
    final class Held: Sendable {}
    weak var held: Held?
    do {
      let work = Held()
      held = work
      let error = #expect(throws: ThreadStartError.self) {
        try NamedThread.start("weir-test", stackBytes: stackBytes) { _ = work }
      }
      #expect(error?.description.hasPrefix("the thread weir-test cannot be started (") == true)
    }
    #expect(held == nil)
  }
}
