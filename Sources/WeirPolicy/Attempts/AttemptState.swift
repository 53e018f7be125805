/// How far a request has come with its plan when one of its attempts is over.
public struct AttemptState: Sendable, Equatable {
  /// Where it may go.
  public var plan: AttemptPlan
  /// The place in the plan that the attempt went to.
  public var target: Int
  /// Attempts at this target after the first, the one that is over included.
  public var retries: Int
  /// An earlier attempt brought a whole reply, which is kept.
  public var hasReply: Bool

  /// A request that has been at a target so many times.
  public init(plan: AttemptPlan, target: Int = 0, retries: Int = 0, hasReply: Bool = false) {
    self.plan = plan
    self.target = target
    self.retries = retries
    self.hasReply = hasReply
  }
}
