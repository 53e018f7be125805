/// Puts what follows an attempt into the request's record.
enum NoteStep {
  static func note(_ step: NextStep, failure: AttemptFailure?, in exchange: Exchange) {
    switch step {
    case .retry:
      exchange.retries += 1
      if let last = exchange.trail.indices.last { exchange.trail[last].wasRetried = true }
    case .fallBack(let index):
      guard let failure else { return }
      ChooseTarget.note(failure, from: exchange.targetIndex, to: index, in: exchange)
    case .relay, .refuse: return
    }
  }
}
