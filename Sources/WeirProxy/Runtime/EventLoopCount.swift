import CWeirSystem
import NIOCore

/// How many event loops serve requests.
enum EventLoopCount {
  /// More are taken only where the operator asks for them: eight serve far more than any upstream answers, and each has
  /// connections and buffers of its own.
  static let mostByDefault = 8

  /// - Parameters:
  ///   - asked: the operator's own number; nil where the machine decides.
  ///   - cores: what the machine, or the container's quota, gives.
  ///   - allowed: the processors that the process may run on; 0 where the system does not say.
  static func of(
    asked: Int?, cores: Int = System.coreCount, allowed: Int = Int(weir_allowed_processors())
  ) -> Int {
    if let asked { return asked }
    let usable = allowed > 0 ? min(cores, allowed) : cores
    return min(max(usable, 1), mostByDefault)
  }
}
