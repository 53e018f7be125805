import Testing
import WeirConfiguration

@testable import WeirProxy

@Suite("The memory ceiling")
struct MemoryCeilingTests {
  private func ceiling(_ environment: [String: String], isShared: Bool = false) throws -> MemoryCeiling {
    MemoryCeiling(try configuration(environment).limits, loops: 2, isShared: isShared)
  }

  private let base = [
    "WEIR_MAX_CONNECTIONS": "100", "WEIR_MAX_IN_FLIGHT": "50", "WEIR_MAX_BODY_BYTES": "1000000",
    "WEIR_MAX_BUFFERED_BYTES": "10000000", "WEIR_MAX_HEADER_BYTES": "65536",
  ]

  private func changed(_ name: String, _ value: String) throws -> MemoryCeiling {
    try ceiling(base.merging([name: value]) { $1 })
  }

  @Test("is the sum of its parts")
  func sum() throws {
    let ceiling = try ceiling(base)
    #expect(
      ceiling.total == ceiling.bodies + ceiling.parsing + ceiling.connections + ceiling.inFlight + ceiling.log)
    #expect(ceiling.log == LogSink.maximumBytes)
  }

  @Test("has the shared store's queues and answers in it where there is one, and nothing of them elsewhere")
  func store() throws {
    let (alone, shared) = (try ceiling(base), try ceiling(base, isShared: true))
    #expect(alone.store == 0)
    #expect(shared.store == (2 * 64 + 3 * 3 * 16 + 16) << 20)
    #expect(shared.total == alone.total + shared.store)
  }

  @Test("counts a body twice: as it came and as it goes")
  func bodies() throws {
    #expect(try ceiling(base).bodies == 20_000_000)
  }

  @Test("counts what reading one body takes on every event loop")
  func parsing() throws {
    #expect(try ceiling(base).parsing == 8_000_000)
    #expect(try changed("WEIR_MAX_BODY_BYTES", "2000000").parsing == 16_000_000)
  }

  @Test("grows with every bound that the operator raises, in that bound's part alone")
  func bounds() throws {
    let before = try ceiling(base)
    let connections = try changed("WEIR_MAX_CONNECTIONS", "200")
    #expect(connections.connections == 2 * before.connections)
    #expect(connections.inFlight == before.inFlight)
    let inFlight = try changed("WEIR_MAX_IN_FLIGHT", "100")
    #expect(inFlight.inFlight == 2 * before.inFlight)
    #expect(inFlight.bodies == before.bodies)
    let headers = try changed("WEIR_MAX_HEADER_BYTES", "65537")
    #expect(headers.connections == before.connections + 100)
  }
}
