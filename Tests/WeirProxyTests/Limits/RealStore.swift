import Foundation
import Synchronization
import WeirStore

/// A redis-server of one test, without persistence, on a socket in a folder of its own; ends with the value.
final class RealStore: Sendable {
  let store: SharedStore
  private let folder: URL
  private let process: Process

  static let server = ["/usr/bin/redis-server", "/usr/bin/valkey-server"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Nil where none is installed, or none starts.
  init?() async throws {
    guard let server = RealStore.server else { return nil }
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("weir-store-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let socket = folder.appendingPathComponent("s").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: server)
    process.arguments = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder.path]
    // Whoever reads this process's output must not wait for the server's end.
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    store = try SharedStore(
      StoreSettings(place: .socket(path: socket), prefix: "test:", deadline: .seconds(10)), observer: Silent())
    try store.start()
    for _ in 0..<1000 where !store.isUp { try await Task.sleep(for: .milliseconds(10)) }
    guard store.isUp else { return nil }
  }

  deinit {
    store.stop()
    // A blocked signal, which children inherit, would leave it running.
    kill(process.processIdentifier, SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  /// The words of a script's answer; empty where it refuses. `key`s are those of the fleet; `now` stands in for the
  /// clock, in microseconds. A number that is too long is the largest.
  func run(
    _ script: StoreScript, sidecar: String = "s", _ keys: [String], _ numbers: String, now: Int64? = nil
  ) async -> [Int64] {
    let words = [numbers, store.fleetBase, sidecar] + (now.map { ["\($0)"] } ?? [])
    return await withCheckedContinuation { continuation in
      store.run(script, keys: keys.map { store.fleetKey($0) }, arguments: words.map { Array($0.utf8) }) { result in
        let text = (try? result.get())?.bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
        continuation.resume(returning: text.split(separator: " ").map { Int64($0) ?? .max })
      }
    }
  }

  /// The reply of a command.
  func ask(_ words: String...) async -> StoreReply? {
    await withCheckedContinuation { continuation in
      store.command(.heartbeat, words.map { Array($0.utf8) }) { continuation.resume(returning: try? $0.get()) }
    }
  }

  private struct Silent: StoreObserver {
    func finished(_ operation: StoreOperation, after seconds: Double, failure: StoreFailure?) {}
    func changed(isUp: Bool, reason: String) {}
  }
}
