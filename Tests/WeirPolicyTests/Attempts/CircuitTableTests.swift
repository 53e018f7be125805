import Testing

@testable import WeirPolicy

@Suite("The table of circuits")
struct CircuitTableTests {
  private static let second: Int64 = 1_000_000_000

  private func key(_ model: String, upstream: String = "u") -> CircuitKey {
    CircuitKey(upstream: upstream, model: model)
  }

  private func made() -> CircuitTable { CircuitTable(policy: ResiliencePolicy.Circuit()) }

  private func open(_ key: CircuitKey, in table: inout CircuitTable, now: Int64 = 0) {
    for _ in 0..<5 { _ = table.record(key, .failure, wasProbe: false, now: now) }
  }

  @Test("keeps one for each upstream and model")
  func separate() {
    var table = made()
    open(key("a"), in: &table)
    #expect(table.rest(of: key("a"), now: 0) != nil)
    #expect(table.admit(key("b"), now: 0) == .allowed)
    #expect(table.admit(key("a", upstream: "v"), now: 0) == .allowed)
    #expect(table.rest(of: key("never asked"), now: 0) == nil)
  }

  @Test("lists them by upstream and model")
  func states() {
    var table = made()
    open(key("b"), in: &table)
    _ = table.admit(key("a"), now: 0)
    table.pause(key("z", upstream: "a"), until: 9, now: 0)
    let states = table.states(now: 1)
    #expect(states.map(\.key) == [key("z", upstream: "a"), key("a"), key("b")])
    #expect(states.map(\.state) == [.closed, .closed, .open])
    #expect(states.map(\.pausedFor) == [8, nil, nil])
  }

  @Test("forgets what did not fail when there is no room, and keeps what did")
  func room() {
    var table = made()
    open(key("broken"), in: &table)
    table.pause(key("paused"), until: 60 * Self.second, now: 0)
    for index in 0..<10_000 {
      #expect(table.admit(key("m\(index)"), now: Int64(index)) == .allowed)
      #expect(table.count <= CircuitTable.maximumCircuits)
    }
    #expect(table.rest(of: key("broken"), now: 0) != nil)
    #expect(table.rest(of: key("paused"), now: 0) != nil)
  }

  @Test("asks without a circuit what finds no room, until there is some")
  func full() {
    var table = made()
    for index in 0..<CircuitTable.maximumCircuits {
      _ = table.record(key("m\(index)"), .failure, wasProbe: false, now: 0)
    }
    open(key("late"), in: &table)
    #expect(table.admit(key("late"), now: 0) == .allowed)
    #expect(table.count == CircuitTable.maximumCircuits)
    open(key("later"), in: &table, now: 31 * Self.second)
    #expect(table.rest(of: key("later"), now: 31 * Self.second) != nil)
  }

  @Test("forgets even an open one that nobody asked for an hour")
  func abandoned() {
    var table = made()
    for index in 0..<CircuitTable.maximumCircuits { open(key("m\(index)"), in: &table) }
    let later = 3700 * Self.second
    open(key("new"), in: &table, now: later)
    #expect(table.rest(of: key("new"), now: later) != nil)
    #expect(table.count == 1)
  }

  @Test("shows none that is open and was not asked for an hour: nothing would ever close it")
  func unasked() {
    var table = made()
    open(key("rolled back"), in: &table)
    open(key("still asked"), in: &table)
    _ = table.admit(key("resting"), now: 0)
    #expect(table.states(now: 3600 * Self.second).map(\.state) == [.closed, .open, .open])
    _ = table.admit(key("still asked"), now: 3600 * Self.second)
    let later = 3700 * Self.second
    #expect(table.states(now: later).map(\.key) == [key("resting"), key("still asked")])
    #expect(table.admit(key("rolled back"), now: later) == .allowed)
  }

  @Test("lets a probe go that somebody abandons, and knows nothing of others' probes")
  func probes() {
    var table = made()
    open(key("a"), in: &table)
    let later = 30 * Self.second
    _ = table.admit(key("a"), now: later)
    #expect(table.rest(of: key("a"), now: later) != nil)
    table.abandonProbe(key("unknown"))
    #expect(table.rest(of: key("a"), now: later) != nil)
    table.abandonProbe(key("a"))
    #expect(table.rest(of: key("a"), now: later) == nil)
  }

  @Test("closes all when circuits are switched off, and tells which these were")
  func replace() {
    var table = made()
    open(key("a"), in: &table)
    _ = table.admit(key("b"), now: 0)
    #expect(table.replace(ResiliencePolicy.Circuit()) == [])
    #expect(table.rest(of: key("a"), now: 0) != nil)
    var policy = ResiliencePolicy.Circuit()
    policy.isEnabled = false
    #expect(table.replace(policy).map(\.key) == [key("a")])
    open(key("a"), in: &table)
    #expect(table.rest(of: key("a"), now: 0) == nil)
  }
}
