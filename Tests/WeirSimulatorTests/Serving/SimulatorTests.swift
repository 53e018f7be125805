import Testing

@testable import WeirSimulator

@Suite("Starting")
struct SimulatorTests {
  @Test("it listens on a free port and says where")
  func start() async throws {
    let simulator = try Simulator.start(SimulatorOptions(threads: 1))
    #expect(simulator.port > 0)
    #expect(simulator.url == "http://127.0.0.1:\(simulator.port)/api/v1")
    let line = try JSON(parsing: Array(simulator.listeningLine.utf8))
    #expect(
      line == [
        "event": "listening", "address": .string("127.0.0.1:\(simulator.port)"),
        "url": .string(simulator.url),
      ])
    #expect(simulator.certificatePEM == nil)
    await simulator.stop()
  }

  @Test("with TLS there is a certificate to trust")
  func tls() async throws {
    let simulator = try Simulator.start(SimulatorOptions(tls: true, threads: 1))
    #expect(simulator.url.hasPrefix("https://127.0.0.1:"))
    #expect(simulator.certificatePEM?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
    await simulator.stop()
  }

  @Test("wrong faults are refused before anything listens")
  func wrongFaults() {
    #expect(throws: FaultSpecError.self) { try Simulator.start(SimulatorOptions(faults: "bogus=1")) }
  }
}
