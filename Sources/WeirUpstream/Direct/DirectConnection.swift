import Glibc
import NIOCore

/// One HTTP/1.1 connection to an upstream: carries one transfer at a time and waits among the idle ones in between. The last
/// handler of its channel, on its event loop.
final class DirectConnection: ChannelInboundHandler, Indexed {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let home: IdleConnections
  private let engine: DirectEngine
  private var context: ChannelHandlerContext?
  /// What the channel reads from, for as long as it is open. Asking the channel for it takes 20,000 instructions.
  private var socket: NIOBSDSocket.Handle?
  private var transfer: DirectTransfer?
  private var reader: ReplyReader
  /// Whether an earlier transfer used the connection.
  private(set) var isReused = false
  /// Whether anything of the reply at hand has come.
  private var hasReplyBytes = false
  /// Whether the transfer's receiver has been given something since it was last told to flush.
  private var hasNews = false
  /// Whether it is an error that ends the connection, and not the upstream.
  private var isBroken = false
  /// The connection's place among the idle ones, and since when it has it, in nanoseconds.
  var listIndex: Int?
  var idleSince: Int64 = 0
  /// The place of TLS in the channel; nil in clear text.
  private let secured: ChannelHandlerContext?

  /// - Parameter home: where it waits between two transfers.
  init(home: IdleConnections, engine: DirectEngine, secured: ChannelHandlerContext?) {
    self.home = home
    self.engine = engine
    self.secured = secured
    reader = ReplyReader(isHead: false, allocator: engine.allocator)
  }

  // MARK: For the transfer

  /// Expects the reply to a request that is about to be written.
  func begin(_ transfer: DirectTransfer, isHead: Bool) {
    self.transfer = transfer
    reader = ReplyReader(isHead: isHead, allocator: engine.allocator)
    hasReplyBytes = false
    hasNews = false
  }

  var isWritable: Bool { context?.channel.isWritable ?? false }

  var isSecure: Bool { secured != nil }

  /// The most of a body that is given to the channel at once, in bytes. TLS holds that much a second time, encrypted, for as
  /// long as the connection lives.
  var largestWrite: Int { (isSecure ? 64 : 256) * 1024 }

  func write(_ buffer: ByteBuffer) {
    context?.write(wrapOutboundOut(buffer), promise: nil)
  }

  /// A write that finds the connection reset takes the error away from the read behind it, which then sees an ordinary end.
  func writeWatched(_ buffer: ByteBuffer) {
    guard let context else { return }
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenFailure { error in
      if error is IOError { self.isBroken = true }
    }
    context.write(wrapOutboundOut(buffer), promise: written)
  }

  func flush() { context?.flush() }

  /// Whether the kernel has taken all that was written.
  private var hasSentAll: Bool {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0
  }

  /// Stops or goes on reading.
  func read(_ reads: Bool) {
    try? context?.channel.syncOptions?.setOption(.autoRead, value: reads)
  }

  /// Whether nothing has come over a connection that rests. The event loop may not have come to read it yet: bytes would
  /// be taken for the next request's reply, and behind its end a request would be sent in vain.
  var isQuiet: Bool {
    guard let socket else { return true }
    var byte: UInt8 = 0
    return unsafe recv(socket, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) < 0 && errno == EAGAIN
  }

  /// Ends the connection; a transfer on it hears nothing.
  func close() {
    transfer = nil
    context?.close(promise: nil)
    // TLS has said that this is the end, and would wait for the upstream to say it too.
    secured?.close(promise: nil)
  }

  // MARK: From the channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let operations = context.pipeline.syncOperations
    socket = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    take(buffer)
    if secured == nil { engine.reads.giveBack(buffer) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard hasNews, let transfer else { return }
    hasNews = false
    transfer.receiver?.transferBatchEnded()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { transfer?.connectionIsWritable() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    isBroken = true
    context.close(promise: nil)
    secured?.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    socket = nil
    home.remove(self)
    guard let transfer else { return }
    self.transfer = nil
    if reader.endsWithConnection, !isBroken {
      transfer.ended(nil)
    } else if !hasReplyBytes {
      transfer.connectionClosedBeforeReply(wasReused: isReused)
    } else if reader.hasHead {
      transfer.ended(
        TransferFailure(kind: .brokenReply, reason: "the reply ended before it was complete"))
    } else {
      transfer.ended(
        TransferFailure(kind: .protocolError, reason: "the connection closed within the reply's head"))
    }
  }

  // MARK: The reply

  private func take(_ buffer: ByteBuffer) {
    guard let transfer else {
      // Nobody has asked for anything: what comes would be taken for the next request's reply.
      return close()
    }
    hasReplyBytes = true
    let (now, lines) = (engine.now(), reader.lineCount)
    if reader.hasHead { transfer.sawActivity(now: now) }
    unsafe buffer.withUnsafeReadableBytes { bytes in
      var rest = unsafe bytes
      while self.transfer === transfer, unsafe step(transfer, &rest) {}
    }
    // Of a head whole lines count: one that drips in byte by byte is none yet.
    if !reader.hasHead, reader.lineCount > lines, self.transfer === transfer { transfer.sawActivity(now: now) }
  }

  /// Whether there is more to read.
  private func step(_ transfer: DirectTransfer, _ bytes: inout UnsafeRawBufferPointer) -> Bool {
    switch unsafe reader.next(&bytes) {
    case .more: return false
    case .head:
      hasNews = true
      transfer.received(reader.takeHead())
      return true
    case .body(let part):
      hasNews = true
      unsafe transfer.receiver?.transferReceivedBody(part)
      return true
    case .end:
      unsafe complete(transfer, hasExcess: !bytes.isEmpty)
      return false
    case .refuse(let reason):
      close()
      transfer.ended(
        TransferFailure(kind: reader.hasHead ? .brokenReply : .protocolError, reason: reason))
      return false
    }
  }

  private func complete(_ transfer: DirectTransfer, hasExcess: Bool) {
    self.transfer = nil
    isReused = true
    // Before the end is told: what begins then may go over this connection.
    let isDone = reader.keepsConnection && !hasExcess && transfer.hasSentBody && (!transfer.isLarge || hasSentAll)
    if isDone, engine.mayRest(among: home) {
      home.add(self, now: engine.batchTime)
      engine.startCleaning()
    } else {
      close()
    }
    transfer.ended(nil)
  }
}
