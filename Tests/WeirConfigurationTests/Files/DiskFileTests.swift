import Foundation
import Testing
import WeirConfiguration

@Suite("Files on disk")
struct DiskFileTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func reason(_ path: String) -> FileReadError.Reason? {
    do throws(FileReadError) {
      _ = try DiskFile.read(path)
      return nil
    } catch {
      #expect(error.path == path)
      return error.reason
    }
  }

  @Test("are read whole up to their bound")
  func read() throws {
    try inFolder { (folder: String) throws in
      for count in [0, 1, 65_536, 100_000, DiskFile.maximumBytes] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let path = "\(folder)/\(count)"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
        #expect(try DiskFile.read(path) == bytes)
      }
      let path = "\(folder)/large"
      let data = Data(repeating: 0, count: DiskFile.maximumBytes + 1)
      #expect(FileManager.default.createFile(atPath: path, contents: data))
      #expect(reason(path) == .tooLarge)
    }
  }

  @Test("that are missing are told from those that cannot be read")
  func failures() throws {
    try inFolder { (folder: String) throws in
      #expect(reason("\(folder)/missing") == .notFound)
      #expect(reason("\(folder)/missing/below") == .notFound)
      #expect(reason(folder) == .isDirectory)
      #expect(try DiskFile.read("/dev/null").isEmpty)
    }
  }
}

@Suite("The process environment")
struct ProcessEnvironmentTests {
  @Test("is the one that Foundation sees")
  func all() {
    #expect(!ProcessEnvironment.all().isEmpty)
    #expect(ProcessEnvironment.all() == ProcessInfo.processInfo.environment)
  }

  @Test(
    "names a forward proxy in the variables that libcurl reads",
    arguments: ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
  func proxies(name: String) {
    #expect(ProcessEnvironment.namesProxies([name: "http://127.0.0.1:1"]))
    #expect(!ProcessEnvironment.namesProxies([name: ""]))
    let isForAll = !name.lowercased().hasPrefix("https")
    #expect(ProcessEnvironment.namesProxiesForCleartext([name: "http://127.0.0.1:1"]) == isForAll)
    #expect(!ProcessEnvironment.namesProxiesForCleartext([name: ""]))
  }

  @Test(
    "names none in others", arguments: ["HTTP_PROXY", "no_proxy", "NO_PROXY", "ftp_proxy", "PATH"])
  func noProxies(name: String) {
    #expect(!ProcessEnvironment.namesProxies([name: "http://127.0.0.1:1"]))
  }
}
