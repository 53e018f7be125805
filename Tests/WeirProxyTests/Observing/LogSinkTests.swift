import Glibc
import Testing

@testable import WeirProxy

@Suite("The log", .timeLimit(.minutes(10)))
struct LogSinkTests {
  private func lines(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("writes every line, in order, before it closes")
  func order() throws {
    let pipe = try Pipe()
    let reader = Reading(pipe.reader)
    let sink = try LogSink(descriptor: pipe.writer)
    let expected = (0..<10_000).map { "line \($0)" }
    for line in expected { sink.write(line.utf8) }
    sink.close()
    pipe.closeWriter()
    #expect(lines(reader.all()) == expected + [""])
    #expect(sink.droppedLines == 0)
  }

  @Test("takes lines from many threads, none torn and none lost")
  func threads() async throws {
    let pipe = try Pipe()
    let reader = Reading(pipe.reader)
    let sink = try LogSink(descriptor: pipe.writer)
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<8 {
        group.addTask {
          for number in 0..<500 { sink.write("\(thread):\(number):\(String(repeating: "x", count: number))".utf8) }
        }
      }
    }
    sink.close()
    pipe.closeWriter()
    let written = lines(reader.all()).dropLast()
    #expect(written.count == 4000)
    for thread in 0..<8 {
      let own = written.filter { $0.hasPrefix("\(thread):") }
      #expect(own == (0..<500).map { "\(thread):\($0):\(String(repeating: "x", count: $0))" })
    }
  }

  @Test("drops and counts lines beyond its bound while nobody reads, and writes the others whole")
  func bound() throws {
    let pipe = try Pipe()
    let sink = try LogSink(descriptor: pipe.writer)
    let line = String(repeating: "x", count: 64 * 1024 - 1)
    let sent = 3 * LogSink.maximumBytes / line.utf8.count
    for _ in 0..<sent { sink.write(line.utf8) }
    let dropped = sink.droppedLines
    #expect(dropped > 0)
    #expect((sent - dropped) * line.utf8.count <= 2 * (LogSink.maximumBytes + line.utf8.count) + 65_536)
    let reader = Reading(pipe.reader)
    sink.close()
    pipe.closeWriter()
    let written = lines(reader.all()).dropLast()
    #expect(written.count == sent - dropped)
    #expect(written.allSatisfy { $0 == line })
  }

  @Test("takes nothing more once it is closed, and may be closed again")
  func closed() throws {
    let pipe = try Pipe()
    let reader = Reading(pipe.reader)
    let sink = try LogSink(descriptor: pipe.writer)
    sink.write("last".utf8)
    sink.close()
    sink.write("late".utf8)
    sink.close()
    pipe.closeWriter()
    #expect(lines(reader.all()) == ["last", ""])
    #expect(sink.droppedLines == 1)
  }

  @Test("closes without ever having had a line")
  func unused() throws {
    let pipe = try Pipe()
    try LogSink(descriptor: pipe.writer).close()
    pipe.closeWriter()
    #expect(Pipe.readAll(pipe.reader) == [])
  }

  @Test("goes on with a descriptor that takes nothing")
  func broken() throws {
    let sink = try LogSink(descriptor: -1)
    sink.write("nowhere".utf8)
    sink.close()
    #expect(sink.droppedLines == 0)
  }
}
