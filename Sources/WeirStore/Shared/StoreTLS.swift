import NIOCore
import NIOEmbedded
import NIOSSL

/// TLS of one connection to the store: bytes in, bytes out; the socket is its owner's. One thread.
///
/// NIO's handler does it, in a channel without I/O that is driven by hand: the store's thread waits with poll(2), and has
/// no event loop.
final class StoreTLS {
  private static let shutdownTimeout = TimeAmount.seconds(1)

  private let channel = EmbeddedChannel()

  /// - Parameters:
  ///   - host: the name or address that the certificate has to be for.
  ///   - port: of the address.
  init(_ context: NIOSSLContext, host: String, port: Int) throws(StoreTrouble) {
    do {
      let address = try? SocketAddress(ipAddress: host, port: port)
      let name = host.hasSuffix(".") ? host.dropLast() : host[...]
      // An address goes without a name (RFC 6066, section 3), and is then looked for in the certificate itself.
      let handler = try NIOSSLClientHandler(context: context, serverHostname: address == nil ? String(name) : nil)
      try channel.pipeline.syncOperations.addHandler(handler)
      // Where there is a name, no address is looked at: any will do.
      let peer = try address ?? SocketAddress(unixDomainSocketPath: "/")
      channel.remoteAddress = peer
      channel.connect(to: peer, promise: nil)
      channel.embeddedEventLoop.run()
      try channel.throwIfErrorCaught()
    } catch {
      throw StoreTrouble(tls: error)
    }
  }

  /// The store's part of the end is not waited for: the channel's clock, which stands, is put past the time for it.
  deinit {
    channel.close(promise: nil)
    channel.embeddedEventLoop.advanceTime(by: Self.shutdownTimeout * 2)
  }

  /// Takes bytes for the store. What comes of them is had by `takeOutgoing`, once the handshake is done.
  func encrypt(_ bytes: some Collection<UInt8>) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    channel.embeddedEventLoop.run()
  }

  /// Takes bytes from the store.
  ///
  /// - Parameter room: where their text is put; it has to be 20,000 bytes larger than what is taken.
  /// - Returns: how many bytes the text has.
  func decrypt(
    _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) throws(StoreTrouble) -> Int {
    do {
      try channel.writeInbound(unsafe ByteBuffer(bytes: bytes))
      channel.embeddedEventLoop.run()
      var count = 0
      while let text = try channel.readInbound(as: ByteBuffer.self) {
        guard text.readableBytes <= room.count - count else { throw StoreTrouble("its TLS record is too long") }
        unsafe text.withUnsafeReadableBytes {
          unsafe UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: $0)
        }
        count += text.readableBytes
      }
      return count
    } catch {
      throw StoreTrouble(tls: error)
    }
  }

  /// What is to be sent to the store.
  func takeOutgoing() throws(StoreTrouble) -> ByteBuffer {
    var all = ByteBuffer()
    do {
      while var part = try channel.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&part) }
    } catch {
      throw StoreTrouble(tls: error)
    }
    return all
  }

  /// False when the store has said that it says no more.
  var isOpen: Bool { channel.isActive }

  /// - Parameter file: PEM bundle of trusted authorities; nil takes the system's.
  static func context(trusting file: String?) throws(StoreTrouble) -> NIOSSLContext {
    do {
      var settings = TLSConfiguration.makeClientConfiguration()
      settings.minimumTLSVersion = .tlsv12
      settings.shutdownTimeout = shutdownTimeout
      settings.trustRoots = file.map(NIOSSLTrustRoots.file) ?? .default
      return try NIOSSLContext(configuration: settings)
    } catch {
      throw StoreTrouble("the certificate authorities cannot be read")
    }
  }
}

extension StoreTrouble {
  /// Reads what NIOSSL says.
  fileprivate init(tls error: any Error) {
    if let known = error as? StoreTrouble {
      self = known
    } else if error is NIOSSLExtraError || String(describing: error).contains("CERTIFICATE_VERIFY_FAILED") {
      self.init("its TLS certificate is not trusted, or is for another name")
    } else {
      self.init("TLS failed; rediss:// needs a store that speaks TLS on this port")
    }
  }
}
