import Testing

@testable import WeirProxy

@Suite("An upstream's health")
struct UpstreamHealthTests {
  private let health = UpstreamHealth(name: "openrouter.ai")

  private func succeed(_ count: Int = 1, milliseconds: Double = 100, at seconds: Double = 1000) {
    for _ in 0..<count { health.succeeded(milliseconds: milliseconds, at: seconds) }
  }

  @Test("is good before anything was seen")
  func initially() {
    let report = health.report
    #expect(report.name == "openrouter.ai")
    #expect(report.status == .healthy)
    #expect(report.responseMilliseconds == nil)
    #expect(report.lastSuccess == nil)
  }

  @Test("is degraded from the first failure, and bad from the fifth in a row")
  func failures() {
    succeed()
    for count in 1...6 {
      health.failed()
      #expect(health.report.status == (count >= 5 ? .unhealthy : .degraded), "\(count) failures")
    }
    #expect(health.report.lastSuccess == 1000)
  }

  @Test("is no longer bad after one success, and good again after more")
  func recovery() {
    for _ in 0..<10 { health.failed() }
    succeed()
    #expect(health.report.status == .degraded)
    succeed(30)
    #expect(health.report.status == .healthy)
  }

  @Test("is good again at once after a single failure")
  func single() {
    succeed(5)
    health.failed()
    succeed()
    #expect(health.report.status == .healthy)
  }

  @Test("is degraded where many requests fail, although none in a row")
  func share() {
    for _ in 0..<50 {
      health.failed()
      succeed()
    }
    #expect(health.report.status == .degraded)
  }

  @Test("is bad as soon as a probe gets no answer")
  func probe() {
    succeed(100)
    health.probeFailed()
    #expect(health.report.status == .unhealthy)
    succeed()
    #expect(health.report.status != .unhealthy)
  }

  @Test("has a smoothed response time, and the last success")
  func smoothed() throws {
    succeed(milliseconds: 100, at: 5)
    #expect(health.report.responseMilliseconds == 100)
    succeed(milliseconds: 200, at: 6)
    let once = try #require(health.report.responseMilliseconds)
    #expect(once > 100 && once < 200)
    succeed(100, milliseconds: 200, at: 7)
    let often = try #require(health.report.responseMilliseconds)
    #expect(often > once && often > 199 && often <= 200)
    health.failed()
    #expect(health.report.responseMilliseconds == often)
    #expect(health.report.lastSuccess == 7)
  }
}
