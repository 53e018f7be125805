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
    if leader.append(bytes, isEnd: streamSaidEnd) { reply.waitsForFollowers = true }
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

  /// Looked at now and then: what a slow client has taken meanwhile, and whether others wait for one that takes nothing, or
  /// have waited for it for too long in all.
  func checkPace(now: Int64) {
    guard follower != nil || hasFollowers else {
      reply.holdUp.isAlone()
      if reply.isHeld, transfer != nil { checkOwnClient() }
      return followersCaughtUp()
    }
    // Who has something to take yet waits for nothing.
    let isBusy = reply.isHeld || connection.hasUntaken
    if let follower { follower.lags(isBusy) } else { leader?.lags(isBusy) }
    // Before it counts what the client has taken: one that takes a little at each look slows the others all the same.
    let isSlowing = reply.isHeld && slowsOthers
    if reply.isHeld, transfer != nil { checkOwnClient() }
    followersCaughtUp()
    let place = reply.isHeld ? placeHeldUp : nil
    guard reply.holdUp.look(isSlowing: isSlowing, place: place, now: now) else { return }
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

  private var slowsOthers: Bool {
    if let follower { return follower.slowsOthers }
    return reply.waitsForClient && leader?.placeOfFollowersWaiting != nil
  }

  private var placeHeldUp: Int? {
    if let follower { return follower.placeHeldUp(freed: connection.freedBytes) }
    return reply.waitsForClient ? leader?.placeOfFollowersWaiting : nil
  }
}
