import WeirWire

/// Points a request at one of its targets: which model serves it there, and what that is called.
enum AimAtTarget {
  static func aim(_ exchange: Exchange, at index: Int) {
    guard exchange.plan.targets.indices.contains(index) else { return }
    let target = exchange.plan.targets[index]
    exchange.aim = index
    exchange.splice = BodySplice()
    exchange.edits = []
    exchange.warnings = []
    exchange.outputBound = nil
    exchange.outputCap = nil
    exchange.hidesStreamUsage = false
    if let model = target.model { exchange.model = model }
    exchange.sentModel = target.model == nil ? nil : target.key.model
  }
}
