public import Logging
import WeirConfiguration

/// swift-log's way into `LogSink`: one line an event, as JSON or as words.
public struct LineLogHandler: LogHandler {
  /// Added to every event.
  public var metadata: Logger.Metadata = [:]
  /// The least severity that is written.
  public var logLevel: Logger.Level
  private let label: String
  private let sink: LogSink
  private let isJSON: Bool

  /// `isJSON` false writes lines for a terminal.
  public init(label: String, level: Logger.Level, sink: LogSink, isJSON: Bool) {
    self.label = label
    logLevel = level
    self.sink = sink
    self.isJSON = isJSON
  }

  /// One entry of `metadata`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one event as one line.
  public func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
    sink.write(isJSON ? json(event, all) : text(event, all))
  }

  private func json(_ event: LogEvent, _ metadata: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
    var line = JSONLine()
    line.addTime()
    line.add("level", event.level.rawValue)
    line.add("message", event.message.description)
    line.add("source", label)
    for (key, value) in metadata { line.addMember(key, value.description) }
    return line.finish()
  }

  private func text(_ event: LogEvent, _ metadata: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
    var line: [UInt8] = []
    WallClock.appendTimestamp(to: &line)
    let fields = metadata.map { " \($0.key)=\($0.value)" }.joined()
    let rest = " \(event.level.rawValue) \(event.message)\(fields)"
    line.append(contentsOf: rest.utf8.map { $0 < 0x20 ? UInt8(ascii: "?") : $0 })
    return line
  }
}
