import Synchronization

/// What was used since the process started, by model and by what the client was told of it. Safe from any thread.
final class Books: Sendable {
  enum State: String, CaseIterable {
    /// The reply went through and told its usage.
    case reported
    /// The reply went through and told no usage.
    case silent
    /// The reply did not go through; what was sent of it.
    case cancelled
  }

  private struct Page {
    var requests = 0
    var promptTokens = 0
    var completionTokens = 0
    /// USD.
    var cost = 0.0
  }

  private let pages = Mutex<[String: [State: Page]]>([:])

  func enter(_ usage: Usage, model: String, _ state: State) {
    pages.withLock { pages in
      var page = pages[model]?[state] ?? Page()
      page.requests += 1
      page.promptTokens += usage.promptTokens
      page.completionTokens += usage.completionTokens
      page.cost += usage.cost
      pages[model, default: [:]][state] = page
    }
  }

  var json: JSON {
    let pages = pages.withLock { $0 }
    return .object(
      pages.sorted { $0.key < $1.key }.map { model, states in
        JSON.Member(
          name: model,
          value: .object(
            State.allCases.compactMap { state in
              states[state].map { JSON.Member(name: state.rawValue, value: Self.json($0)) }
            }))
      })
  }

  private static func json(_ page: Page) -> JSON {
    [
      "requests": JSON(page.requests), "prompt_tokens": JSON(page.promptTokens),
      "completion_tokens": JSON(page.completionTokens), "cost": JSON(page.cost),
    ]
  }
}
