import Testing
import WeirPolicy

@Suite("A rollout")
struct RolloutTests {
  private func rollout(
    _ shares: [String: Int] = ["kimi": 2_500], pins: [String: String] = [:], allowsOverride: Bool = false,
    isEnabled: Bool = true
  ) throws -> Rollout {
    let variants = shares.sorted { $0.key < $1.key }.map {
      RolloutVariant(name: $0.key, model: "moonshotai/\($0.key)", share: $0.value)
    }
    return try Rollout(
      name: "kimi", from: ["gpt-4"], variants: variants, pins: pins, allowsOverride: allowsOverride,
      isEnabled: isEnabled)
  }

  @Test("moves the share of users that it says, within four standard deviations of 100,000")
  func share() throws {
    let rollout = try rollout(["a": 1_000, "b": 333, "c": 2_500])
    var counts: [String: Int] = [:]
    for user in 0..<100_000 {
      counts[rollout.assign(user: "user-\(user)", random: 0).variant, default: 0] += 1
    }
    for (variant, share) in ["a": 0.1, "b": 0.0333, "c": 0.25, "incumbent": 0.6167] {
      let deviation = (100_000 * share * (1 - share)).squareRoot()
      #expect(abs(Double(counts[variant] ?? 0) - 100_000 * share) < 4 * deviation)
    }
  }

  @Test("moves users in and never out when its percentage rises")
  func monotonic() throws {
    var inside: Set<Int> = []
    for hundredths in [0, 1, 10, 333, 1_000, 2_500, 2_501, 5_000, 9_999, 10_000] {
      let rollout = try rollout(["kimi": hundredths])
      let now = Set((0..<20_000).filter { rollout.assign(user: "u\($0)", random: 0).variant == "kimi" })
      #expect(inside.isSubset(of: now))
      inside = now
    }
    #expect(inside.count == 20_000)
  }

  @Test("gives a user the same variant whatever the random number")
  func sticky() throws {
    let rollout = try rollout()
    for user in ["alice", "bob", "Zoë 🚀", String(repeating: "x", count: 100_000)] {
      let first = rollout.assign(user: user, random: 0)
      #expect(first == rollout.assign(user: user, random: .max))
      #expect(first.isSticky)
      #expect(first.reason == .bucket)
    }
    #expect(rollout.assign(user: "Zoë 🚀", random: 0).bucket == 654)
    #expect(rollout.assign(user: "Zoë 🚀", random: 0).headerValue == "kimi=kimi")
    #expect(rollout.assign(user: "alice", random: 0).headerValue == "kimi=incumbent")
    #expect(rollout.assign(user: "alice", random: 0).model == nil)
  }

  @Test("deals nobody, and a user without a name, by the random number", arguments: [nil, ""])
  func unknownUser(user: String?) throws {
    let rollout = try rollout()
    let low = rollout.assign(user: user, random: 0)
    #expect(low.variant == "kimi")
    #expect(low.reason == .random)
    #expect(!low.isSticky)
    #expect(rollout.assign(user: user, random: .max).variant == "incumbent")
  }

  @Test("gives pinned users their variant, in or out")
  func pins() throws {
    let rollout = try rollout(pins: ["alice": "kimi", "Zoë 🚀": "incumbent"])
    #expect(rollout.assign(user: "alice", random: 0).variant == "kimi")
    #expect(rollout.assign(user: "alice", random: 0).reason == .pinned)
    #expect(rollout.assign(user: "Zoë 🚀", random: 0).variant == "incumbent")
    #expect(rollout.assign(user: "alice2", random: 0).reason == .bucket)
  }

  @Test("obeys an override only where it is allowed and names a variant")
  func override() throws {
    let open = try rollout(pins: ["alice": "incumbent"], allowsOverride: true)
    #expect(open.assign(user: "alice", random: 0, override: "kimi").reason == .override)
    #expect(open.assign(user: "Zoë 🚀", random: 0, override: "incumbent").variant == "incumbent")
    #expect(open.assign(user: "alice", random: 0, override: "nonsense").reason == .pinned)
    #expect(try rollout().assign(user: "alice", random: 0, override: "kimi").variant == "incumbent")
  }

  @Test("serves everybody the incumbent while it is off, override and pins notwithstanding")
  func off() throws {
    let rollout = try rollout(
      ["kimi": 10_000], pins: ["alice": "kimi"], allowsOverride: true, isEnabled: false)
    let assignment = rollout.assign(user: "alice", random: 0, override: "kimi")
    #expect(assignment.variant == "incumbent")
    #expect(assignment.reason == .disabled)
    #expect(rollout.setting(isEnabled: true).assign(user: "alice", random: 0).variant == "kimi")
  }

  @Test("serves the incumbent for a variant that is off, and only for that one")
  func variantOff() throws {
    let rollout = try rollout(["a": 5_000, "b": 5_000]).disabling { $0 == "moonshotai/a" }
    for user in 0..<1_000 {
      let assignment = rollout.assign(user: "u\(user)", random: 0)
      let isA = (assignment.bucket ?? 0) < 5_000
      #expect(assignment.variant == (isA ? "incumbent" : "b"))
      #expect(assignment.reason == (isA ? .disabled : .bucket))
    }
  }

  @Test("is decided by its own name: another rollout splits the same users differently")
  func independent() throws {
    let other = try Rollout(
      name: "other", from: ["gpt-4"], variants: [RolloutVariant(name: "kimi", model: "m", share: 5_000)])
    let first = try rollout(["kimi": 5_000])
    let both = (0..<20_000).count {
      first.assign(user: "u\($0)", random: 0).variant == "kimi"
        && other.assign(user: "u\($0)", random: 0).variant == "kimi"
    }
    #expect(abs(both - 5_000) < 4 * 61)
  }

  @Test("refuses what it cannot be, and says why")
  func problems() {
    func problem(
      name: String = "r", from: [String] = ["gpt-4"], _ variants: [RolloutVariant],
      pins: [String: String] = [:]
    ) -> RolloutProblem? {
      do throws(RolloutProblem) {
        _ = try Rollout(name: name, from: from, variants: variants, pins: pins)
        return nil
      } catch {
        return error
      }
    }
    func variant(_ name: String, _ share: Int, room: Int? = nil) -> RolloutVariant {
      RolloutVariant(name: name, model: "m", share: share, room: room)
    }
    #expect(problem(name: "", [variant("a", 1)]) == .emptyName)
    #expect(problem(from: [""], [variant("a", 1)]) == .noIncumbents(rollout: "r"))
    #expect(problem([]) == .noVariants(rollout: "r"))
    #expect(problem([variant("incumbent", 1)]) == .invalidVariantName(rollout: "r", variant: "incumbent"))
    #expect(problem([variant("", 1)]) == .invalidVariantName(rollout: "r", variant: ""))
    #expect(
      problem([variant("a", 1), variant("a", 2)]) == .invalidVariantName(rollout: "r", variant: "a"))
    #expect(
      problem([variant("a", 10_001)]) == .shareOutOfRange(rollout: "r", variant: "a", hundredths: 10_001))
    #expect(problem([variant("a", -1)]) == .shareOutOfRange(rollout: "r", variant: "a", hundredths: -1))
    #expect(
      problem([variant("a", 6_000), variant("b", 4_001)])
        == .sharesOverWhole(rollout: "r", hundredths: 10_001))
    #expect(
      problem([variant("a", 0, room: 6_000), variant("b", 0, room: 4_001)])
        == .roomsOverWhole(rollout: "r", hundredths: 10_001))
    #expect(problem([variant("a", 1)], pins: ["u": "b"]) == .unknownPin(rollout: "r", variant: "b"))
    #expect(problem([variant("a", 1)], pins: ["u": ""]) == .unknownPin(rollout: "r", variant: ""))
    #expect(problem([variant("a", 10_000)], pins: ["u": "incumbent"]) == nil)
    #expect(
      RolloutProblem.sharesOverWhole(rollout: "r", hundredths: 10_001).description.contains("100.01 percent"))
  }
}
