import Testing
import WeirConfiguration

@Suite("Settings of features that this version lacks")
struct AvailabilityTests {
  @Test("are refused where weir would pretend to enforce something")
  func refused() throws {
    let problems = Sources.environment(["WEIR_REDIS_URL": "redis://r"]).problems
    #expect(problems.map(\.severity) == [.error])
    #expect(problems.first?.what == "not available in this version")
    #expect(Sources.environment(["WEIR_REDIS_URL": "off"]).problems.isEmpty)
    #expect(Sources.environment(["WEIR_REDIS_URL": ""]).problems.isEmpty)
    #expect(try Sources().load().row("WEIR_REDIS_URL")?.isAvailable == false)
  }

  @Test("are refused in files too, with their line")
  func refusedInFiles() {
    #expect(Sources.yaml("redis:\n  url: redis://r").problems.map(\.line) == [2])
    #expect(Sources.envFile("\nWEIR_REDIS_URL=redis://r").problems.map(\.line) == [2])
  }
}
