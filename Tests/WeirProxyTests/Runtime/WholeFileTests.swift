import Foundation
import Glibc
import Testing

@testable import WeirProxy

@Suite("Small files that are written whole")
struct WholeFileTests {
  private func inFolder(_ body: (_ path: String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-whole-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appending(path: "state.json").path)
  }

  private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  @Test("are replaced, whatever a crash left beside them")
  func replaced() throws {
    try inFolder { path in
      try WholeFile.write(Array("the first".utf8), to: path)
      try "left by somebody who had more to say".write(toFile: path + ".new", atomically: false, encoding: .utf8)
      try WholeFile.write(Array("next".utf8), to: path)
      #expect(text(path) == "next")
      try WholeFile.tryOut(Array("never".utf8), for: path)
      #expect(text(path) == "next")
      #expect(!FileManager.default.fileExists(atPath: path + ".new"))
    }
  }

  @Test("are left alone while another process writes one, for half a second; then it is told")
  func taken() throws {
    try inFolder { path in
      let other = unsafe open(path + ".new", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      #expect(flock(other, LOCK_EX) == 0)
      let error = #expect(throws: FileWriteError.self) { try WholeFile.write(Array("mine".utf8), to: path) }
      #expect(error?.description == "\(path).new: another process holds it")
      #expect(text(path) == nil)
      close(other)
      try WholeFile.write(Array("mine".utf8), to: path)
      #expect(text(path) == "mine")
    }
  }

  @Test(
    "are in the folder that is put on disk after them",
    arguments: zip(["a.json", "/a.json", "x/a.json", "/x/y/a.json", "./a"], [".", "/", "x", "/x/y", "."]))
  func folder(path: String, folder: String) { #expect(WholeFile.folder(of: path) == folder) }

  @Test("name the file that is in the way, which is the one beside them")
  func inTheWay() throws {
    try inFolder { path in
      try FileManager.default.createDirectory(atPath: path + ".new", withIntermediateDirectories: false)
      let error = #expect(throws: FileWriteError.self) { try WholeFile.write(Array("mine".utf8), to: path) }
      #expect(error?.description.hasPrefix("\(path).new: ") == true)
    }
  }

  @Test("are one writer's or the other's, however many write at the same time", .timeLimit(.minutes(1)))
  func together() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-whole-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "state.json").path
    let contents = (0..<4).map { writer in [UInt8](repeating: UInt8(writer), count: 20_000 * (writer + 1)) }
    try WholeFile.write(contents[0], to: path)
    // A lock is a descriptor's, so that threads stand for processes here.
    await withTaskGroup(of: Void.self) { group in
      for bytes in contents {
        group.addTask {
          for _ in 0..<40 {
            try? WholeFile.write(bytes, to: path)
            let found = FileManager.default.contents(atPath: path).map(Array.init)
            #expect(found.map(contents.contains) == true)
          }
        }
      }
    }
    #expect(!FileManager.default.fileExists(atPath: path + ".new"))
  }
}
