import WeirPolicy
import WeirUpstream

// A stream may last for minutes, and thousands may be open: it holds no more of its request than its end needs.
extension LiveExchange {
  /// The reply has begun, so there is no other attempt.
  func letGoOfRequest() {
    transfer?.letGoOfRequest()
    // A reply of another model than the first is kept under what was sent to that model, which is read at the end.
    guard leader == nil || exchange.aim ?? 0 == 0 else { return }
    outgoing = .none
    request.letGoOfFields()
  }
}
