import Synchronization
import Testing
import WeirWire

@testable import WeirProxy

/// What a checker told, in order; `hold` keeps the checker's thread until `release`.
private final class Outcomes: Sendable {
  private let seen = Mutex<[ToolCallOutcome]>([])
  private let held = Mutex(true)
  private let entered = Semaphore()
  private let gate = Semaphore()

  var all: [ToolCallOutcome] { seen.withLock { $0 } }
  var results: [ToolCallResult] { all.map(\.verdict.result) }

  func take(_ outcome: ToolCallOutcome) { seen.withLock { $0.append(outcome) } }

  /// For a checker's first outcome: waits on its thread.
  func takeHeld(_ outcome: ToolCallOutcome) {
    let isFirst = held.withLock { held in
      defer { held = false }
      return held
    }
    if isFirst {
      entered.signal()
      gate.wait()
    }
    take(outcome)
  }

  func untilHeld() { entered.wait() }

  func release() { gate.signal() }
}

@Suite("Tool checker")
struct ToolCheckerTests {
  private static let tools = Array(
    #"[{"name":"f","input_schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}]"#.utf8)
  private static let labels = ToolCallLabels(
    model: "moonshotai/kimi-k2", variant: "treatment", provider: "Moonshot AI", requestID: "r1")

  private static func call(_ arguments: String, name: String = "f") -> CollectedToolCall {
    CollectedToolCall(name: name, arguments: Array(arguments.utf8))
  }

  @Test("tells each call's verdict with its labels, in order")
  func verdicts() throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.take($0) }
    let calls = [Self.call(#"{"a":1}"#), Self.call("{"), Self.call(#"{"a":"s"}"#), Self.call("{}", name: "g")]
    #expect(checker.submit(tools: Self.tools, calls: calls, labels: Self.labels))
    checker.close()
    #expect(outcomes.results == [.valid, .invalidJSON, .schemaMismatch, .unknownTool])
    #expect(outcomes.all.map(\.position) == [0, 1, 2, 3])
    #expect(outcomes.all.allSatisfy { $0.labels == Self.labels })
    #expect(outcomes.all[2].verdict.path == "/a")
  }

  @Test("refuses replies beyond its bound in number, and takes more when there is room again")
  func tooMany() throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.takeHeld($0) }
    let calls = [Self.call(#"{"a":1}"#)]
    #expect(checker.submit(tools: Self.tools, calls: calls, labels: Self.labels))
    outcomes.untilHeld()
    let accepted = (0..<ToolChecker.maximumReplies).count { _ in
      checker.submit(tools: Self.tools, calls: calls, labels: Self.labels)
    }
    #expect(accepted == ToolChecker.maximumReplies - 1)
    outcomes.release()
    checker.close()
    #expect(outcomes.results.count == ToolChecker.maximumReplies)
  }

  @Test("refuses replies beyond its bound in bytes")
  func tooLarge() throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.takeHeld($0) }
    let large = [CollectedToolCall(name: "f", arguments: [UInt8](repeating: 0x20, count: 6 << 20))]
    #expect(checker.submit(tools: Self.tools, calls: large, labels: Self.labels))
    outcomes.untilHeld()
    let accepted = (0..<20).count { _ in checker.submit(tools: Self.tools, calls: large, labels: Self.labels) }
    #expect(accepted == 9)
    outcomes.release()
    checker.close(discardingQueue: true)
    // The thread may take more of the queue before it hears that it is to drop it.
    #expect(!outcomes.results.isEmpty && outcomes.results.allSatisfy { $0 == .invalidJSON })
  }

  @Test("once closed it takes nothing, and closing again does nothing")
  func closed() throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.take($0) }
    checker.close()
    checker.close()
    #expect(!checker.submit(tools: Self.tools, calls: [Self.call("{}")], labels: Self.labels))
    #expect(checker.submit(tools: Self.tools, calls: [], labels: Self.labels))
    #expect(outcomes.all.isEmpty)
  }

  @Test("replies of several threads at once are each told of")
  func concurrent() async throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.take($0) }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            _ = checker.submit(tools: Self.tools, calls: [Self.call(#"{"a":1}"#)], labels: Self.labels)
          }
        }
      }
    }
    checker.close()
    #expect(outcomes.results == Array(repeating: .valid, count: 400))
  }

  @Test("the deepest schema that is allowed fits the thread's stack")
  func deepest() throws {
    let outcomes = Outcomes()
    let checker = try ToolChecker { outcomes.take($0) }
    let chain = (0..<330).map { ##""\##($0)":{"items":{"$ref":"#/$defs/\##($0 + 1)"}}"## }.joined(separator: ",")
    let schema = ##"{"properties":{"a":{"$ref":"#/$defs/0"}},"$defs":{\##(chain),"330":{"type":"null"}}}"##
    let nested = #"{"a":"# + String(repeating: "[", count: 120) + String(repeating: "]", count: 120) + "}"
    let tools = Array(#"[{"name":"f","input_schema":\#(schema)}]"#.utf8)
    #expect(checker.submit(tools: tools, calls: [Self.call(nested)], labels: Self.labels))
    let links = (0..<990).map { ##""\##($0)":{"$ref":"#/$defs/\##($0 + 1)"}"## }.joined(separator: ",")
    let linked = ##"[{"name":"f","input_schema":{"$ref":"#/$defs/0","$defs":{\##(links),"990":{}}}}]"##
    #expect(checker.submit(tools: Array(linked.utf8), calls: [Self.call("{}")], labels: Self.labels))
    checker.close()
    #expect(outcomes.results == [.valid, .schemaUnusable])
  }
}
