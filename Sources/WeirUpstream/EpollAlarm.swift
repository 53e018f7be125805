import CWeirCurl
import Glibc
import NIOCore
import NIOPosix

/// Lets the kernel wake an event loop when an epoll has something, without a thread in between: a one-shot poll of the
/// epoll by asynchronous I/O (io_submit(2), IOCB_CMD_POLL, Linux 4.19) counts up an eventfd, which the loop reads as a
/// pipe. Lives on that event loop.
@safe final class EpollAlarm {
  private let watched: CInt
  private let signal: CInt
  private var context: UInt = 0
  private var armed = 0
  private var channel: (any Channel)?

  /// Rings of the kernel hold at least this many of what has ended; they are emptied before.
  private static let ring = 32

  /// Nil where the kernel, or the sandbox that it keeps us in, does not let us.
  init?(watching watched: CInt) {
    self.watched = watched
    signal = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    guard signal >= 0 else { return nil }
    // With everything set, `deinit` runs and closes the descriptor.
    guard unsafe weir_alarm_open(UInt32(Self.ring), &context) == 0 else { return nil }
  }

  deinit {
    weir_alarm_close(context)
    // The channel closes its descriptor itself.
    if channel == nil, signal >= 0 { close(signal) }
  }

  /// The descriptor that becomes readable; `pipe` makes a channel of it.
  var descriptor: CInt { signal }

  /// Hands the descriptor over to a channel that reads it.
  func isRead(by channel: any Channel) { self.channel = channel }

  /// Rings once, now or as soon as the epoll has something; false where the kernel refuses.
  func arm() -> Bool {
    armed += 1
    if armed >= Self.ring {
      weir_alarm_empty(context)
      armed = 0
    }
    return weir_alarm_arm(context, watched, signal) == 0
  }

  /// Nothing rings any more.
  func stop() {
    weir_alarm_close(context)
    context = 0
    channel?.close(promise: nil)
  }

  /// Reads a descriptor as a pipe on the loop. Not to be called on an event loop. `handle` runs on the loop for each
  /// ring, `lost` when the channel has ended.
  static func pipe(
    _ descriptor: CInt, on eventLoop: any EventLoop, handle: @escaping @Sendable () -> Void,
    lost: @escaping @Sendable () -> Void
  ) async throws -> any Channel {
    try await NIOPipeBootstrap(group: eventLoop)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Bell(handle: handle, lost: lost))
        }
      }
      .takingOwnershipOfDescriptor(input: descriptor).get()
  }

  private final class Bell: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let handle: @Sendable () -> Void
    let lost: @Sendable () -> Void

    init(handle: @escaping @Sendable () -> Void, lost: @escaping @Sendable () -> Void) {
      self.handle = handle
      self.lost = lost
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { handle() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { lost() }
  }
}
