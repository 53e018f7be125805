import Logging
import Testing
import WeirWire

@testable import WeirProxy

@Suite("A log event", .timeLimit(.minutes(10)))
struct LineLogHandlerTests {
  /// What a logger writes.
  private func logged(isJSON: Bool, level: Logger.Level = .info, _ use: (inout Logger) -> Void) throws -> [String] {
    let pipe = try Pipe()
    let sink = try LogSink(descriptor: pipe.writer)
    var logger = Logger(label: "weir") { label in
      LineLogHandler(label: label, level: level, sink: sink, isJSON: isJSON)
    }
    use(&logger)
    sink.close()
    pipe.closeWriter()
    return String(decoding: Pipe.readAll(pipe.reader), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test("is one line of JSON with its metadata by name")
  func json() throws {
    let lines = try logged(isJSON: true) {
      $0[metadataKey: "z"] = "1"
      $0.notice("listening", metadata: ["b": "x \"y\"", "a": "\n"])
    }
    #expect(lines.count == 1)
    let line = try #require(lines.first)
    #expect(line.hasPrefix(#"{"time":"20"#))
    #expect(
      line.hasSuffix(
        #"Z","level":"notice","message":"listening","source":"weir","a":"\n","b":"x \"y\"","z":"1"}"#))
    _ = try envelope(Array(line.utf8))
  }

  @Test("is one line of words for a terminal, whatever it holds")
  func text() throws {
    let lines = try logged(isJSON: false) { $0.warning("two\nlines", metadata: ["key": "a\u{1B}[31m\r\nb"]) }
    #expect(lines.count == 1)
    #expect(lines.first?.hasSuffix("Z warning two?lines key=a?[31m??b") == true)
  }

  @Test("below the level is not written")
  func level() throws {
    let lines = try logged(isJSON: true, level: .error) {
      $0.info("no")
      $0.error("yes")
    }
    #expect(lines.count == 1)
    #expect(lines.first?.contains(#""message":"yes""#) == true)
  }

  @Test("has the event's metadata before the logger's of the same name")
  func precedence() throws {
    let lines = try logged(isJSON: false) {
      $0[metadataKey: "key"] = "logger"
      $0.info("m", metadata: ["key": "event"])
    }
    #expect(lines.first?.hasSuffix(" key=event") == true)
  }
}
