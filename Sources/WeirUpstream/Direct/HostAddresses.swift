import Glibc
import NIOCore
import NIOPosix
import WeirThreads

/// Looks names up, each on a thread of its own since the system's look-up blocks, and remembers the answers for a while.
/// Lives on one event loop.
final class HostAddresses {
  /// What a look-up brought, or why it brought nothing.
  typealias Answer = Result<[SocketAddress], TransferFailure>

  private enum Entry {
    case known([SocketAddress], until: Int64)
    case asked([(Answer) -> Void])
  }

  private let eventLoop: any EventLoop
  private var entries: [DirectAddress.Origin: Entry] = [:]

  /// For how long an answer is good, in nanoseconds; libcurl's measure.
  private static let lifetime: Int64 = 60_000_000_000
  private static let maximumEntries = 64
  /// getaddrinfo(3) and what it loads need more than the least.
  private static let stackBytes = 512 * 1024

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Finds where an origin is; `then` is called on the loop, at once where that is known.
  func find(_ origin: DirectAddress.Origin, now: Int64, then: @escaping (Answer) -> Void) {
    if let literal = try? SocketAddress(ipAddress: origin.host, port: origin.port) { return then(.success([literal])) }
    switch entries[origin] {
    case .known(let addresses, let until) where now < until: return then(.success(addresses))
    case .asked(let others): entries[origin] = .asked(others + [then])
    case .known, nil:
      if entries.count >= Self.maximumEntries { forgetAnswers() }
      entries[origin] = .asked([then])
      ask(origin)
    }
  }

  private func ask(_ origin: DirectAddress.Origin) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let eventLoop = eventLoop
    do {
      try NamedThread.start("weir-lookup", stackBytes: Self.stackBytes) {
        let answer = Self.lookUp(origin)
        eventLoop.execute { bound.value.answered(origin, answer) }
      }
    } catch {
      let failure = TransferFailure(kind: .local, reason: "the upstream's name could not be looked up: \(error)")
      eventLoop.assumeIsolated().execute { self.answered(origin, .failure(failure)) }
    }
  }

  private func answered(_ origin: DirectAddress.Origin, _ answer: Answer) {
    guard case .asked(let waiting) = entries.removeValue(forKey: origin) else { return }
    if case .success(let addresses) = answer {
      let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
      entries[origin] = .known(addresses, until: now + Self.lifetime)
    }
    for then in waiting { then(answer) }
  }

  /// Those that are being asked for stay.
  private func forgetAnswers() {
    entries = entries.filter { if case .asked = $0.value { true } else { false } }
  }

  private static func lookUp(_ origin: DirectAddress.Origin) -> Answer {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(origin.host, String(origin.port), &hints, &found)
    defer { if let found = unsafe found { unsafe freeaddrinfo(found) } }
    var addresses: [SocketAddress] = []
    var next = unsafe code == 0 ? found : nil
    while let entry = unsafe next {
      if let address = unsafe address(entry.pointee) { addresses.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    guard !addresses.isEmpty else {
      return .failure(TransferFailure(kind: .unreachable, reason: "the upstream's name was not found"))
    }
    return .success(addresses)
  }

  private static func address(_ entry: addrinfo) -> SocketAddress? {
    guard let address = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
    return switch unsafe entry.ai_family {
    case AF_INET: unsafe SocketAddress(address.loadUnaligned(as: sockaddr_in.self))
    case AF_INET6: unsafe SocketAddress(address.loadUnaligned(as: sockaddr_in6.self))
    default: nil
    }
  }
}

/// Addresses that were looked up before, for NIO to choose among (RFC 8305).
struct KnownAddresses: Resolver, Sendable {
  let addresses: [SocketAddress]
  let eventLoop: any EventLoop

  func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    eventLoop.makeSucceededFuture(addresses.filter { $0.protocol == .inet })
  }

  func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    eventLoop.makeSucceededFuture(addresses.filter { $0.protocol == .inet6 })
  }

  func cancelQueries() {}
}
