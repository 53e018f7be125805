import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The aim at a target")
struct AimAtTargetTests {
  @Test("is its model, by the name that its upstream has for it")
  func names() {
    let exchange = Exchange.opened()
    let model = ModelCatalog.builtIn.resolve("kimi-k2")
    let route = UpstreamRoute(id: "m", name: "m", modelNames: ["moonshotai/kimi-k2": "kimi-k2.5"])
    exchange.plan = AttemptPlan(targets: [
      AttemptTarget(upstream: 0, model: model, isFallback: false, contextWindow: nil, route: route)
    ])
    AimAtTarget.aim(exchange, at: 0)
    #expect(exchange.aim == 0)
    #expect(exchange.model == model)
    #expect(exchange.sentModel == "kimi-k2.5")
  }

  @Test("forgets what was changed for the last one, and keeps what was changed outside the body")
  func anew() throws {
    let exchange = Exchange.planned("a/one", "a/two")
    let body = try envelope(#"{"model":"a/one"}"#)
    exchange.splice.insertMember("max_tokens", json: "5", into: body)
    exchange.edits = ["max_tokens"]
    exchange.warnings = ["a warning"]
    exchange.outputBound = 5
    exchange.outputCap = 40
    exchange.note(edit: "header")
    AimAtTarget.aim(exchange, at: 1)
    #expect(exchange.sentModel == "a/two" && exchange.model?.upstreamID == "a/two")
    #expect(exchange.splice.isEmpty && exchange.warnings.isEmpty && exchange.outputBound == nil)
    #expect(exchange.allEdits == ["header"])
    #expect(exchange.outputCap == nil, "a budget is asked anew")
  }

  @Test("of a request without a model names none")
  func noModel() {
    let exchange = Exchange.opened()
    exchange.plan = PlanAttempts.plan(nil, policy: .of())
    AimAtTarget.aim(exchange, at: 0)
    #expect(exchange.aim == 0 && exchange.model == nil && exchange.sentModel == nil)
  }

  @Test("stays where it was for a place beyond the plan", arguments: [-1, 2, .max])
  func outside(place: Int) {
    let exchange = Exchange.planned("a/one", "a/two")
    AimAtTarget.aim(exchange, at: 1)
    exchange.edits = ["model"]
    AimAtTarget.aim(exchange, at: place)
    #expect(exchange.aim == 1 && exchange.sentModel == "a/two" && exchange.edits == ["model"])
  }
}
