import Dispatch
import Synchronization

/// Runs `work` on several threads at once, `rounds` times on each, while `watch` runs again and again on one
/// more thread, at least once. All threads start together.
func hammer(
  threads: Int, rounds: Int, watching watch: (@Sendable () -> Void)? = nil,
  _ work: @escaping @Sendable (Int) -> Void
) {
  let progress = Progress()
  let done = DispatchGroup()
  let all = watch == nil ? threads : threads + 1
  for thread in 0..<all {
    // A serial queue of its own gives each a thread of its own, more of them than there are cores.
    DispatchQueue(label: "hammer \(thread)").async(group: done) {
      progress.ready.wrappingAdd(1, ordering: .relaxed)
      while progress.ready.load(ordering: .relaxed) < all {}
      if thread == threads {
        repeat { watch?() } while progress.finished.load(ordering: .relaxed) < threads
      } else {
        for round in 0..<rounds { work(round) }
        progress.finished.wrappingAdd(1, ordering: .relaxed)
      }
    }
  }
  done.wait()
}

private final class Progress: Sendable {
  let ready = Atomic(0)
  let finished = Atomic(0)
}
