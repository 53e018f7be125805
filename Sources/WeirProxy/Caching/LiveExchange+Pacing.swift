import NIOCore
import WeirPolicy
import WeirUpstream

// How fast a reply comes that several clients get: as fast as the slowest of them takes it, once that one lags so far
// behind that no more is kept for it. One for which others get nothing at all for a while is cut instead.
extension LiveExchange {
  /// What may wait in memory for a slow client while others get more.
  static let maximumKeptBytes = 8 * 1024 * 1024
  /// The rest of it that lets the transfer go on.
  private static let resumedAt = maximumKeptBytes - 64 * 1024
  /// What may wait beside what is accounted for: the channel's own, and what comes in one go.
  private static let uncountedBytes = 512 * 1024
  /// How long others may get nothing because of one client. Of one that reads 50 KB a second the kernel may hear only every
  /// few seconds, since the client's tells of much at once.
  private static let patience: Int64 = 5_000_000_000

  /// Stops the transfer while anybody is to be waited for, or lets it go on.
  func pace() {
    guard let transfer else { return }
    if reply.waitsForClient || reply.waitsForFollowers { transfer.hold() } else { transfer.release() }
  }

  /// The client is gone: it is not waited for any more.
  func unpace() {
    reply.isHeld = false
    reply.waitsForClient = false
    pace()
  }

  /// Whether the client's connection takes no more: then it waits for nothing itself.
  func holdForClient(_ isHeld: Bool) {
    if !isHeld { reply.waitsForClient = false }
    guard reply.isHeld != isHeld else { return }
    reply.isHeld = isHeld
    leader?.lags(isHeld)
  }

  /// The bytes at hand are for all that follow too.
  func share(_ bytes: ByteBuffer) {
    guard let leader else { return }
    let cutsLaggards = transfer?.isMultiplexed ?? false
    if leader.append(bytes, isEnd: streamSaidEnd, cutsLaggards: cutsLaggards) { reply.waitsForFollowers = true }
  }

  /// Those that follow have read on, or left.
  func followersCaughtUp() {
    guard reply.waitsForFollowers, leader?.mayGoOn ?? true else { return }
    reply.waitsForFollowers = false
    pace()
  }

  /// Keeps account of what waits for the client; false where that would be too much.
  func keeps(_ count: Int) -> Bool {
    guard reply.keptBytes + count <= Self.maximumKeptBytes + connection.freedBytes,
      loop.state.bufferedBytes.take(count)
    else { return false }
    reply.keptBytes += count
    return true
  }

  func giveBackKept() {
    loop.state.bufferedBytes.giveBack(reply.keptBytes)
    reply.keptBytes = 0
  }

  /// Looked at now and then: what a slow client has taken meanwhile, and whether others wait for one that takes nothing.
  func checkPace(now: Int64) {
    if reply.isHeld, transfer != nil { checkOwnClient() }
    followersCaughtUp()
    guard reply.isHeld, let place = placeHeldUp else {
      reply.holdsUp = nil
      return
    }
    guard let holdsUp = reply.holdsUp, holdsUp.place == place else {
      reply.holdsUp = (place, now)
      return
    }
    guard now - holdsUp.since >= Self.patience else { return }
    if follower == nil { _ = detach(.reply) } else { endLagging() }
  }

  /// The channel tells only when nearly all has been taken.
  private func checkOwnClient() {
    let waiting = connection.waitingBytes
    if waiting < reply.keptBytes {
      loop.state.bufferedBytes.giveBack(reply.keptBytes - waiting)
      reply.keptBytes = waiting
    }
    // Without room for more it would be paused again at once, and never be seen to hold others up.
    guard reply.waitsForClient, waiting - connection.freedBytes <= Self.resumedAt,
      waiting - reply.keptBytes <= Self.uncountedBytes, hasFollowers,
      loop.state.bufferedBytes.has(Self.uncountedBytes)
    else { return }
    reply.waitsForClient = false
    pace()
  }

  private var placeHeldUp: Int? {
    if let follower { return follower.placeHeldUp(freed: connection.freedBytes) }
    return reply.waitsForClient ? leader?.placeOfFollowersWaiting : nil
  }
}
