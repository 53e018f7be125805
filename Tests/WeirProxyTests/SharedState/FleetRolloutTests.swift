import Testing
import WeirConfiguration
import WeirPolicy

@testable import WeirProxy

@Suite("A rollout as the store has it")
struct FleetRolloutTests {
  private let flip = FlipRecord(rollout: "kimi", change: .percent(from: 0, to: 2500), who: "admin é", when: 1)
  private let off = FlipRecord(rollout: "kimi", change: .enabled(from: true, to: false), who: "b", when: 2)

  private func value(_ version: String, _ content: [UInt8]) -> [UInt8] { Array("\(version) ".utf8) + content }

  @Test("comes back as it was written, with who and when")
  func roundTrip() throws {
    let content = FleetRollout.content(change: off, flips: [flip, off])
    let rollout = try #require(FleetRollout(name: "kimi", value: value("7", content)))
    #expect(rollout == FleetRollout(name: "kimi", version: 7, change: off, flips: [flip, off]))
    #expect(rollout.content == content)
  }

  @Test("is nothing but its last change after a reset")
  func reset() throws {
    let reset = FlipRecord(rollout: "kimi", change: .reset(from: ["kimi": 1], to: ["kimi": 0]), who: "a", when: 3)
    let content = FleetRollout.content(change: reset, flips: [])
    let rollout = try #require(FleetRollout(name: "kimi", value: value("1", content)))
    #expect(rollout.flips.isEmpty)
    #expect(rollout.change == reset)
  }

  @Test("is left alone where it is anything else")
  func garbage() {
    let content = FleetRollout.content(change: flip, flips: [flip])
    for version in ["", "0", "-1", "x", "99999999999999999999", "1.5"] {
      #expect(FleetRollout(name: "kimi", value: value(version, content)) == nil)
    }
    #expect(FleetRollout(name: "other", value: value("1", content)) == nil, "of another rollout")
    #expect(FleetRollout(name: "kimi", value: content) == nil)
    #expect(FleetRollout(name: "kimi", value: []) == nil)
    #expect(FleetRollout(name: "kimi", value: Array("9 {\"version\":1,\"flips\":[]}".utf8)) == nil)
    for cut in stride(from: 0, to: content.count - 3, by: 5) {
      #expect(FleetRollout(name: "kimi", value: value("1", Array(content.prefix(cut)))) == nil)
    }
  }
}

@Suite("The kill switch as it is flipped")
struct KillSwitchFlipTests {
  @Test("is read from either wording, and from nothing else")
  func requests() {
    #expect(KillSwitchFlip.isEnabled(.enabled(false)) == false)
    #expect(KillSwitchFlip.isEnabled(.percent(0)) == false)
    #expect(KillSwitchFlip.isEnabled(.percent(10_000)) == true)
    #expect(KillSwitchFlip.isEnabled(.percent(50)) == nil)
    #expect(KillSwitchFlip.isEnabled(.variants(["kimi": 0])) == nil)
  }

  @Test("leaves it to the configuration unless it says no")
  func allows() {
    func record(_ isEnabled: Bool) -> FlipRecord {
      KillSwitchFlip.record(to: isEnabled, from: true, who: "a", when: 1)
    }
    #expect(KillSwitchFlip.allows(nil))
    #expect(KillSwitchFlip.allows(record(true)))
    #expect(!KillSwitchFlip.allows(record(false)))
  }

  @Test("is remembered beside the rollouts, and switches Kimi's variants off")
  func remembered() {
    let off = KillSwitchFlip.record(to: false, from: true, who: "a", when: 1)
    let remembered = RememberedRollouts([off], on: .empty)
    #expect(remembered.killSwitch == off)
    #expect(!remembered.table.isKimiEnabled)
    #expect(remembered.problems.isEmpty)
    #expect(RememberedRollouts([], on: .empty).table.isKimiEnabled)
  }
}

@Suite("What a sidecar tells of a circuit")
struct CircuitMessageTests {
  private let key = CircuitKey(upstream: "openrouter", model: "acme/a model with blanks")

  @Test("comes back as it was said")
  func roundTrip() {
    let message = SharedCircuits.Message(sidecar: "00ff", opensFor: 5, key: key)
    #expect(SharedCircuits.Message(Array(message.text.utf8)) == message)
    let nameless = SharedCircuits.Message(sidecar: "a", opensFor: 0, key: CircuitKey(upstream: "u", model: ""))
    #expect(SharedCircuits.Message(Array(nameless.text.utf8)) == nameless)
  }

  @Test("is none where it is anything else", arguments: ["", "a", "a 1", "a 1 u", "a -1 u m", "a x u m", "a 1  m"])
  func garbage(_ text: String) {
    #expect(SharedCircuits.Message(Array(text.utf8)) == nil)
  }

  @Test("is none where it is very long")
  func long() {
    #expect(SharedCircuits.Message(Array(("a 1 u " + String(repeating: "m", count: 3000)).utf8)) == nil)
  }
}
