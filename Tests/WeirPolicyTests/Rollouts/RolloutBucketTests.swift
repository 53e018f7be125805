import Testing
import WeirPolicy

@Suite("The bucket of a user")
struct RolloutBucketTests {
  @Test(
    "is what an independent program computes",
    arguments: [
      ("kimi", "alice", 0xe057_60a6_6ee3_9e0d as UInt64, 8763),
      ("kimi", "bob", 0x95f2_bdaa_a5c3_1d1e, 5857),
      ("kimi", "user-12345", 0x7e1a_2d93_a084_ee67, 4925),
      ("kimi", "Zoë 🚀", 0x10c2_75e5_70d3_05c0, 654),
      ("kimi", "", 0x8a0d_4e73_d380_cfdd, 5392),
      ("canary", "alice", 0x5098_b5f5_322c_066b, 3148),
    ])
  func vectors(rollout: String, user: String, hash: UInt64, bucket: Int) {
    #expect(RolloutBucket.hash(rollout: rollout, user: user) == hash)
    #expect(RolloutBucket.of(rollout: rollout, user: user) == bucket)
  }

  @Test("is the floor of the hash's ten-thousandth, up to both ends")
  func ends() {
    #expect(RolloutBucket.of(0) == 0)
    #expect(RolloutBucket.of(.max) == 9_999)
    #expect(RolloutBucket.of(UInt64.max / 2) == 4_999)
    #expect(RolloutBucket.of(UInt64.max / 2 + 1) == 5_000)
  }

  @Test("does not take a part of the rollout's name for a part of the user")
  func separator() {
    #expect(RolloutBucket.hash(rollout: "ab", user: "c") != RolloutBucket.hash(rollout: "a", user: "bc"))
  }

  @Test(
    "is uniform: chi-square over 100 groups of 100,000 users stays below the 99.99 % quantile",
    arguments: ["kimi", "canary", "a", "rollout-2026"],
    ["user-", "", "0000000000000000", "mail+tag@example.org/"])
  func uniform(rollout: String, prefix: String) {
    var counts = [Int](repeating: 0, count: 100)
    for user in 0..<100_000 {
      counts[RolloutBucket.of(rollout: rollout, user: "\(prefix)\(user)") / 100] += 1
    }
    #expect(ChiSquare.statistic(counts, expected: 1_000) < 160.1)
  }

  @Test(
    "is independent between rollouts: chi-square over 10 × 10 groups of 100,000 users",
    arguments: [("kimi", "canary"), ("a", "b"), ("rollout-1", "rollout-2"), ("x", "xx"), ("kimi", "kimi ")])
  func independent(first: String, second: String) {
    var counts = [Int](repeating: 0, count: 100)
    for user in 0..<100_000 {
      let id = "user-\(user)"
      let row = RolloutBucket.of(rollout: first, user: id) / 1_000
      counts[row * 10 + RolloutBucket.of(rollout: second, user: id) / 1_000] += 1
    }
    #expect(ChiSquare.statistic(counts, expected: 1_000) < 160.1)
  }

  @Test("is uniform for 1,000,000 users: each percentage within four standard deviations")
  func shares() {
    var counts = [Int](repeating: 0, count: RolloutBucket.count)
    let users = 1_000_000
    for user in 0..<users { counts[RolloutBucket.of(rollout: "kimi", user: "u\(user)")] += 1 }
    var below = 0
    let marks: Set<Int> = [1, 10, 100, 500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_999]
    for bucket in counts.indices {
      if marks.contains(bucket) {
        let share = Double(bucket) / Double(RolloutBucket.count)
        let deviation = (Double(users) * share * (1 - share)).squareRoot()
        #expect(abs(Double(below) - Double(users) * share) < 4 * deviation)
      }
      below += counts[bucket]
    }
  }
}

/// Pearson's statistic; its 99.99 % quantile at 99 degrees of freedom is 160.1 (from the incomplete gamma function).
enum ChiSquare {
  static func statistic(_ counts: [Int], expected: Double) -> Double {
    counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }
}
