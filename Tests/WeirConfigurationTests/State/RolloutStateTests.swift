import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("The state file")
struct RolloutStateTests {
  private let flips = [
    FlipRecord(rollout: "kimi", change: .percent(from: 0, to: 1250), who: "admin", when: 1_795_000_000_000),
    FlipRecord(
      rollout: "r\"\\\n😀", change: .shares(from: ["a": 0, "b": 1], to: ["a": 10_000, "b": 5]), who: "é\u{1}",
      when: -1),
    FlipRecord(rollout: "r", change: .enabled(from: true, to: false), who: "", when: .max),
    FlipRecord(rollout: "r", change: .reset(from: ["a": 1], to: [:]), who: "x", when: .min),
  ]

  private func read(_ text: String) -> RolloutState {
    RolloutState(reading: Array(text.utf8), path: "s.json")
  }

  @Test("gives back what was written")
  func roundTrip() {
    for count in 0...flips.count {
      let state = RolloutState(Array(flips.prefix(count)))
      #expect(RolloutState(reading: state.encoded, path: "s.json") == state)
    }
  }

  @Test("is JSON that people can read, one change a line")
  func format() {
    let text = String(decoding: RolloutState(Array(flips.prefix(1))).encoded, as: UTF8.self)
    #expect(
      text == """
        {"version":1,"flips":[
        {"rollout":"kimi","percent":{"from":0,"to":12.5},"who":"admin","when_ms":1795000000000}
        ]}

        """)
  }

  @Test("brings a table to where it was")
  func replay() throws {
    let table = try Sources().load().rollouts
    let (flipped, _) = try table.settingPercent(of: "kimi", to: 2500, who: "me", when: 7)
    let (switched, _) = try flipped.settingEnabled(false, of: "kimi", who: "me", when: 8)
    let state = RolloutState(reading: RolloutState(switched.flips).encoded, path: "s.json")
    let (replayed, refused) = table.replaying(state.flips)
    #expect(refused.isEmpty)
    #expect(replayed.entries == switched.entries)
  }

  @Test("holds nothing when it is empty", arguments: ["", " \n\r\n\t", "{\"version\":1,\"flips\":[]}"])
  func empty(text: String) {
    #expect(read(text) == RolloutState([]))
  }

  @Test("ignores keys that it does not know")
  func unknownKeys() {
    let text = """
      \u{FEFF}{"note":[1,-2.5e3,null,{"a":"\\u00e9\\ud83d\\ude00\\ud800x\\/"}],"version":1,"flips":[
        {"rollout":"r","enabled":{"from":true,"to":false,"why":"x"},"who":"w","when_ms":1,"more":{}}]}
      """
    #expect(read(text).problems.isEmpty)
    #expect(read(text).flips.count == 1)
  }

  @Test(
    "that is damaged is a warning with place and remedy, and nothing else",
    arguments: [
      "{", "[", "nonsense", "{}", "[]", "null", "1", "\"a", "{\"version\":1}", "{\"version\":1,\"flips\":{}}",
      "{\"version\":2,\"flips\":[]}", "{\"version\":1,\"flips\":[]}x", "{\"version\":1,\"flips\":[],}",
      "{\"version\":1,\"version\":1,\"flips\":[]}", "{\"version\":01,\"flips\":[]}", "{version:1}",
      "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\u{1}\"}", "{\"a\" 1}", "{\"a\":}", "[1 2]", "\"\\",
      "\"\\ud800\\",
    ])
  func damaged(text: String) {
    let state = read(text)
    #expect(state.flips.isEmpty)
    #expect(state.problems.map(\.severity) == [.warning])
    #expect(state.problems.map(\.source) == ["s.json"])
    #expect(state.problems.first?.fix.isEmpty == false)
  }

  @Test("names the line of the damage")
  func line() {
    #expect(read("{\"version\":1,\n\"flips\":[\n}").problems.map(\.line) == [3])
  }

  @Test("keeps the good changes beside a bad one, and says which is bad")
  func tolerant() throws {
    let bad = [
      "1", "{}", #"{"rollout":"","enabled":{"from":true,"to":false},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","enabled":{"from":true,"to":false},"who":"w"}"#,
      #"{"rollout":"r","enabled":{"from":true,"to":false},"who":"w","when_ms":1.5}"#,
      #"{"rollout":"r","enabled":{"from":1,"to":false},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","enabled":{"from":true},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","percent":{"from":0,"to":100.5},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","percent":{"from":0,"to":"5"},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","shares":{"from":{},"to":{"a":-1}},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","reset":{"from":{},"to":[]},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","moved":{"from":{},"to":{}},"who":"w","when_ms":1}"#,
      #"{"rollout":"r","percent":{"from":0,"to":1},"enabled":{"from":true,"to":false},"who":"w","when_ms":1}"#,
    ]
    let good = #"{"rollout":"r","percent":{"from":0,"to":0.01},"who":"w","when_ms":1}"#
    for item in bad {
      let state = read("{\"version\":1,\"flips\":[\(good),\(item),\(good)]}")
      #expect(state.flips.map(\.change) == [.percent(from: 0, to: 1), .percent(from: 0, to: 1)], "\(item)")
      #expect(state.problems.map(\.key) == ["flips[2]"], "\(item)")
    }
  }

  @Test("cut off anywhere, or with any byte changed, never ends the process")
  func mutilated() {
    let bytes = RolloutState(flips).encoded
    for end in bytes.indices.dropLast(2) {
      let state = RolloutState(reading: Array(bytes[..<end]), path: "s.json")
      #expect(state.flips.isEmpty)
      #expect(state.problems.isEmpty == (end == 0))
    }
    for index in bytes.indices {
      for byte: UInt8 in [0, 0x22, 0x2C, 0x5C, 0x7B, 0xFF] {
        var changed = bytes
        changed[index] = byte
        #expect(RolloutState(reading: changed, path: "s.json").flips.count <= flips.count)
      }
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(read(deep).problems.first?.what.contains("nested too deep") == true)
    #expect(RolloutState(reading: [0xC3, 0x28], path: "s").problems.first?.what.contains("UTF-8") == true)
  }

  @Test("reads a bounded number of changes")
  func bound() {
    let item = #"{"rollout":"r","enabled":{"from":true,"to":false},"who":"w","when_ms":1}"#
    let many = [String](repeating: item, count: 1001).joined(separator: ",")
    let state = read("{\"version\":1,\"flips\":[\(many)]}")
    #expect(state.flips.count == 1000)
    #expect(state.problems.map(\.key) == ["flips"])
  }
}
