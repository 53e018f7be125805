import Foundation
import Testing
import WeirConfiguration
import WeirPolicy

@testable import WeirProxy

/// A folder that goes with the test.
private final class Folder {
  let path = FileManager.default.temporaryDirectory.appending(path: "weir-audit-\(UUID().uuidString)").path()

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var log: String { path + "/audit.log" }

  func add(_ text: String) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: log))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  func cut(_ bytes: UInt64) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: log))
    try handle.truncate(atOffset: max(try handle.seekToEnd(), bytes) - bytes)
    try handle.close()
  }

  func lastLine(of path: String) throws -> ArraySlice<UInt8> {
    Array(try Data(contentsOf: URL(filePath: path))).split(separator: UInt8(ascii: "\n")).last ?? []
  }
}

@Suite("The writer of the audit log")
struct AuditWriterTests {
  private func settings(maxBytes: Int = 1 << 20, keep: Int = 3) throws -> Configuration.Audit {
    try configuration(["WEIR_AUDIT_MAX_BYTES": "\(maxBytes)", "WEIR_AUDIT_KEEP": "\(keep)"]).audit
  }

  private func events(_ count: Int, bytes: Int = 40) -> [[UInt8]] {
    (0..<count).map { index in
      Array(AuditEvent(.refused).with("n", index).with("pad", String(repeating: "x", count: bytes)).members)
    }
  }

  private func write(
    _ writer: inout AuditWriter, _ events: [[UInt8]], _ settings: Configuration.Audit
  ) throws(AuditFile.Fault) {
    var events = events
    try writer.write(&events, settings: settings, now: 1, mustSync: true)
  }

  @Test("chains what several writers wrote one after the other")
  func restart() throws {
    let folder = try Folder()
    for _ in 0..<3 {
      var writer = AuditWriter(path: folder.log)
      try write(&writer, events(4), try settings())
    }
    let check = try AuditFiles.check([folder.log])
    #expect(check.lines == 12)
    #expect(check.end?.sequence == 12)
  }

  @Test("chains what two writers wrote that let go of the file in turn, over rotations too")
  func turns() throws {
    let folder = try Folder()
    var first = AuditWriter(path: folder.log)
    var second = AuditWriter(path: folder.log)
    for _ in 0..<10 {
      try write(&first, events(3, bytes: 300), try settings(maxBytes: 4096, keep: 30))
      first.letGo()
      try write(&second, events(7, bytes: 300), try settings(maxBytes: 4096, keep: 30))
      second.letGo()
      // A file that was moved away at that moment leaves its end.
      if AuditFiles.all(of: folder.log).count == 3 { try AuditFile.rotate(folder.log, keep: 30) }
    }
    let check = try AuditFiles.check(AuditFiles.all(of: folder.log).reversed())
    #expect(check.lines == 100)
    #expect(check.end?.sequence == 100)
  }

  @Test("keeps files under their size, links them, and lets the oldest go")
  func rotation() throws {
    let folder = try Folder()
    var writer = AuditWriter(path: folder.log)
    for _ in 0..<40 { try write(&writer, events(3, bytes: 300), try settings(maxBytes: 4096)) }
    let files = AuditFiles.all(of: folder.log)
    #expect(files.count == 4)
    for file in files {
      let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
      #expect((size ?? 0) <= 4096)
    }
    let check = try AuditFiles.check(files.reversed())
    #expect(check.end?.sequence == 120)
    #expect((check.first ?? 0) > 1)
  }

  @Test("writes an event that is longer than a file may be")
  func long() throws {
    let folder = try Folder()
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(2) + events(1, bytes: 10_000) + events(2), try settings(maxBytes: 4096))
    #expect(try AuditFiles.check(AuditFiles.all(of: folder.log)).lines == 5)
  }

  @Test("ends a line that was cut off and says so", arguments: ["{\"seq\":5,\"ti", "\u{0}\u{0}\u{0}", "garbage\n"])
  func torn(rest: String) throws {
    let folder = try Folder()
    do {
      var writer = AuditWriter(path: folder.log)
      try write(&writer, events(4), try settings())
    }
    try folder.add(rest)
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(1), try settings())
    let check = try AuditFiles.check([folder.log])
    #expect(check.torn == [AuditCheck.Place(file: folder.log, line: 5)])
    #expect(check.end?.sequence == 6)
  }

  @Test("goes on after a last line that lacks its line feed alone, wherever it stands", arguments: [1, 4])
  func unended(count: Int) throws {
    let folder = try Folder()
    do {
      var writer = AuditWriter(path: folder.log)
      try write(&writer, events(count), try settings())
    }
    try folder.cut(1)
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(2), try settings())
    let check = try AuditFiles.check([folder.log])
    #expect(check.torn.isEmpty)
    #expect(check.lines == count + 2)
  }

  @Test("goes on in a file whose only line was cut off", arguments: [false, true], [1, 5, 60])
  func tornAtStart(isRotated: Bool, bytes: Int) throws {
    let folder = try Folder()
    do {
      var writer = AuditWriter(path: folder.log)
      try write(&writer, events(3), try settings())
      if isRotated { try AuditFile.rotate(folder.log, keep: 3) }
    }
    var first = isRotated ? AuditChain(after: try AuditLine(try folder.lastLine(of: folder.log + ".1"))) : .start
    try Data(first.append(members: events(1)[0]).prefix(bytes)).write(to: URL(filePath: folder.log))
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(1), try settings())
    let check = try AuditFiles.check(AuditFiles.all(of: folder.log).reversed())
    #expect(check.torn == [AuditCheck.Place(file: folder.log, line: 1)])
    #expect(check.end?.sequence == (isRotated ? 5 : 2))
  }

  @Test(
    "goes on in a file of nothing but lines that were cut off, as a full disk leaves it",
    arguments: ["{\"seq\":1,\"ti\n", "{\"seq\":1,\"ti\n{\"seq\":1,\"time\":\"20", "\0\0\0\0\0", "\0\0\0\n{\"seq\""])
  func tornOnly(text: String) throws {
    let folder = try Folder()
    try Data(text.utf8).write(to: URL(filePath: folder.log))
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(1), try settings())
    let check = try AuditFiles.check([folder.log])
    #expect(check.torn.map(\.line) == Array(1...text.split(separator: "\n").count))
    #expect(check.end?.sequence == 2)
  }

  @Test("can be checked before it goes on in a file whose only line was cut off")
  func tornAfterRotation() throws {
    let folder = try Folder()
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(3), try settings())
    writer.letGo()
    try AuditFile.rotate(folder.log, keep: 3)
    try Data("{\"seq\":4,\"time\":\"20".utf8).write(to: URL(filePath: folder.log))
    let check = try AuditFiles.check(AuditFiles.all(of: folder.log))
    #expect(check.torn == [AuditCheck.Place(file: folder.log, line: 1)])
    #expect(check.end?.sequence == 3)
  }

  @Test("goes on after the line was cut off too that told of one")
  func tornTwice() throws {
    let folder = try Folder()
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(4), try settings())
    writer.letGo()
    try folder.cut(20)
    try write(&writer, events(1), try settings())
    writer.letGo()
    try folder.cut(UInt64(folder.lastLine(of: folder.log).count + 20))
    try write(&writer, events(1), try settings())
    let check = try AuditFiles.check([folder.log])
    #expect(check.torn.map(\.line) == [4, 5])
    #expect(check.end?.sequence == 5)
  }

  @Test("leaves a file alone that is something else, or that another process writes")
  func foreign() throws {
    let folder = try Folder()
    try "precious\n".write(toFile: folder.log, atomically: true, encoding: .utf8)
    #expect(throws: AuditFile.Fault.self) {
      var writer = AuditWriter(path: folder.log)
      try write(&writer, events(1), try settings())
    }
    #expect(try String(contentsOfFile: folder.log, encoding: .utf8) == "precious\n")
    try FileManager.default.removeItem(atPath: folder.log)
    var first = AuditWriter(path: folder.log)
    try write(&first, events(1), try settings())
    #expect(throws: AuditFile.Fault.self) {
      var second = AuditWriter(path: folder.log)
      try write(&second, events(1), try settings())
    }
    try write(&first, events(1), try settings())
    #expect(try AuditFiles.check([folder.log]).lines == 2)
  }

  @Test("goes on in a new file where the old one was removed")
  func removed() throws {
    let folder = try Folder()
    var writer = AuditWriter(path: folder.log)
    try write(&writer, events(2), try settings())
    try FileManager.default.removeItem(atPath: folder.log)
    try write(&writer, events(2), try settings())
    let check = try AuditFiles.check([folder.log])
    #expect(check.first == 3)
    #expect(check.lines == 2)
  }
}
