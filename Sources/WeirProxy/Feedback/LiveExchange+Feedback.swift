import NIOCore
import WeirPolicy
import WeirWire

extension LiveExchange {
  /// Answers `POST /weir/feedback`, whose body is whole.
  func submitFeedback(_ body: ByteBuffer) {
    // The reply that the vote is for may be one that another event loop is just recording.
    loop.barrier.passed(on: loop.eventLoop).assumeIsolated().whenComplete { [weak self] _ in
      guard let self, !self.isOver else { return }
      self.submitVote(body)
    }
  }

  private func submitVote(_ body: ByteBuffer) {
    let reply = loop.state.feedback.submit(body: body, parser: loop.parser, on: loop.eventLoop)
    reply.assumeIsolated().whenComplete { [weak self] result in
      guard let self, !self.isOver else { return }
      switch result {
      case .success(let reply): self.answer(ByteBuffer(bytes: reply.json), fields: [])
      case .failure(let error as Refusal): self.refuse(error)
      case .failure:
        self.refuse(Refusal(.overloaded, "the feedback could not be noted", remedy: "Try again.", retryAfterSeconds: 1))
      }
    }
  }
}
