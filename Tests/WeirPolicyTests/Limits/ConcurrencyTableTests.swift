import Testing

@testable import WeirPolicy

@Suite("Limits on requests at the same time")
struct ConcurrencyTableTests {
  private let perClient = ConcurrencyRule(name: "c", maximum: 2, scope: LimitScope(per: [.client]))
  private let perModel = ConcurrencyRule(name: "m", maximum: 3, scope: LimitScope(per: [.model]))

  private func table(_ rules: [ConcurrencyRule]) -> ConcurrencyTable {
    var table = ConcurrencyTable()
    var id = 0
    table.replace(rules, nextID: &id)
    return table
  }

  private func subject(_ client: String, model: String = "a/b") -> CountedSubject {
    CountedSubject(LimitSubject(client: client, user: nil, model: model))
  }

  @Test("let as many through as they allow, and the next when one has ended")
  func maximum() throws {
    var table = table([perClient, perModel])
    let first = try table.plan(subject("a"))
    table.hold(first)
    table.hold(try table.plan(subject("a")))
    #expect(throws: ConcurrencyTable.Full(rule: perClient)) { try table.plan(subject("a")) }
    table.hold(try table.plan(subject("b")))
    #expect(throws: ConcurrencyTable.Full(rule: perModel)) { try table.plan(subject("b")) }
    #expect(try table.plan(subject("b", model: "c")).count == 2)
    table.release(first)
    #expect(try table.plan(subject("a")).count == 2)
  }

  @Test("hold for a model that the client's own list of models leads to as well")
  func listed() throws {
    let few = ConcurrencyRule(
      name: "f", maximum: 1, scope: LimitScope(per: [.client, .model], models: [ModelPattern("openai/*")]))
    var table = table([few])
    func listed(_ model: String, _ others: String...) -> CountedSubject {
      CountedSubject(LimitSubject(client: "a", user: nil, model: model, others: others))
    }
    table.hold(try table.plan(listed("nobody/one", "a/b", "OpenAI/o3:nitro")))
    for subject in [listed("openai/o3"), listed("nobody/two", "openai/o3"), listed("openai/o3", "openai/o4")] {
      #expect(throws: ConcurrencyTable.Full(rule: few)) { try table.plan(subject) }
      #expect(
        FleetKey(rule: "f", unit: "places", scope: few.scope, subject: subject)
          == FleetKey(rule: "f", unit: "places", scope: few.scope, subject: listed("openai/o3")))
    }
    #expect(try table.plan(listed("openai/o4", "openai/o3")).count == 1)
    #expect(try table.plan(listed("a/b", "c/d")).isEmpty)
  }

  @Test("keep nothing of requests that have ended")
  func empty() throws {
    var table = table([perClient, perModel])
    for client in 0..<100 {
      let keys = try table.plan(subject("\(client)", model: "\(client)"))
      table.hold(keys)
      #expect(table.count == 2)
      table.release(keys)
      #expect(table.count == 0)
    }
  }

  @Test("go on counting requests in flight over a reload, and ignore those of rules that are gone")
  func reload() throws {
    var table = ConcurrencyTable()
    var id = 0
    table.replace([perClient, perModel], nextID: &id)
    let keys = try table.plan(subject("a"))
    table.hold(keys)
    var narrower = perClient
    narrower.maximum = 1
    table.replace([narrower], nextID: &id)
    #expect(throws: ConcurrencyTable.Full(rule: narrower)) { try table.plan(subject("a")) }
    table.replace([perModel, narrower], nextID: &id)
    table.hold(try table.plan(subject("b")))
    table.release(keys)
    #expect(table.count == 2)
    #expect(try table.plan(subject("a")).count == 2)
  }
}
