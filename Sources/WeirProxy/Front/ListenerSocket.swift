import CWeirSystem
import Glibc
import NIOCore
import NIOPosix
import WeirConfiguration

/// Where the listeners' sockets come from.
public struct ListenerSockets: Sendable {
  /// True lets them listen on addresses that another process of the same user listens on, if that one allows it.
  public var sharesAddresses = false
  /// A socket that listens already, from a service manager; nil binds one.
  public var traffic: CInt?
  /// The same for the admin listener.
  public var admin: CInt?

  /// Sockets of the process's own.
  public init() {}
}

/// A socket that listens, or the wish for one.
enum ListenerSocket {
  case inherited(CInt)
  case bound(sharesAddress: Bool)

  init(_ inherited: CInt?, sharesAddress: Bool) {
    self = inherited.map { .inherited($0) } ?? .bound(sharesAddress: sharesAddress)
  }
}

extension ServerBootstrap {
  /// Listens on the address, or on the socket that is there already.
  func listen(on address: ListenAddress, _ socket: ListenerSocket) -> EventLoopFuture<any Channel> {
    switch socket {
    case .inherited(let descriptor): withBoundSocket(descriptor)
    case .bound(sharesAddress: false): bind(host: address.host, port: address.port)
    case .bound(sharesAddress: true):
      serverChannelOption(.socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: 1)
        .bind(host: address.host, port: address.port)
    }
  }
}
