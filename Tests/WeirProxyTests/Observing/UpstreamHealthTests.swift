import Testing

@testable import WeirProxy

@Suite("An upstream's health")
struct UpstreamHealthTests {
  private let name = "openrouter.ai"
  private let health = UpstreamHealth(names: ["openrouter.ai", "moonshot"])

  private var report: UpstreamHealth.Report { health.reports[0] }

  private func succeed(_ count: Int = 1, milliseconds: Double = 100, at seconds: Double = 1000) {
    for _ in 0..<count { health.succeeded(name, milliseconds: milliseconds, at: seconds) }
  }

  @Test("is good before anything was seen")
  func initially() {
    let report = report
    #expect(report.name == "openrouter.ai")
    #expect(report.status == .healthy)
    #expect(report.responseMilliseconds == nil)
    #expect(report.lastSuccess == nil)
  }

  @Test("is degraded from the first failure, and bad from the fifth in a row")
  func failures() {
    succeed()
    for count in 1...6 {
      health.failed(name)
      #expect(report.status == (count >= 5 ? .unhealthy : .degraded), "\(count) failures")
    }
    #expect(report.lastSuccess == 1000)
  }

  @Test("is no longer bad after one success, and good again after more")
  func recovery() {
    for _ in 0..<10 { health.failed(name) }
    succeed()
    #expect(report.status == .degraded)
    succeed(30)
    #expect(report.status == .healthy)
  }

  @Test("is good again at once after a single failure")
  func single() {
    succeed(5)
    health.failed(name)
    succeed()
    #expect(report.status == .healthy)
  }

  @Test("is degraded where many requests fail, although none in a row")
  func share() {
    for _ in 0..<50 {
      health.failed(name)
      succeed()
    }
    #expect(report.status == .degraded)
  }

  @Test("is bad as soon as a probe gets no answer")
  func probe() {
    succeed(100)
    health.probeFailed(name)
    #expect(report.status == .unhealthy)
    succeed()
    #expect(report.status != .unhealthy)
  }

  @Test("has a smoothed response time, and the last success")
  func smoothed() throws {
    succeed(milliseconds: 100, at: 5)
    #expect(report.responseMilliseconds == 100)
    succeed(milliseconds: 200, at: 6)
    let once = try #require(report.responseMilliseconds)
    #expect(once > 100 && once < 200)
    succeed(100, milliseconds: 200, at: 7)
    let often = try #require(report.responseMilliseconds)
    #expect(often > once && often > 199 && often <= 200)
    health.failed(name)
    #expect(report.responseMilliseconds == often)
    #expect(report.lastSuccess == 7)
  }

  @Test("is kept apart from its neighbours', and survives a reload that keeps its name")
  func neighbours() {
    for _ in 0..<5 { health.failed("moonshot") }
    #expect(health.reports.map(\.status) == [.healthy, .unhealthy])
    health.follow(["other.example", "moonshot"])
    #expect(health.reports.map(\.name) == ["other.example", "moonshot"])
    #expect(health.reports.map(\.status) == [.healthy, .unhealthy])
    health.failed("not configured any more")
    #expect(health.reports.map(\.status) == [.healthy, .unhealthy])
  }
}
