import NIOCore

/// A reply in pieces, each of which its reader gets alone.
struct Pieces: Sendable {
  var parts: [ArraySlice<UInt8>]
  /// Whether the origin closes the connection behind the last.
  var closes: Bool
}

extension Origin {
  /// Answers a request in the pieces that its target asks for.
  static func inPieces(
    on group: any EventLoopGroup, _ answer: @escaping @Sendable (Substring) -> Pieces
  ) async throws -> Origin {
    try await start(on: group) { channel, tally in
      try channel.pipeline.syncOperations.addHandler(PiecesHandler(answer: answer, tally: tally))
    }
  }
}

/// Lives on its connection's event loop.
private final class PiecesHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answer: @Sendable (Substring) -> Pieces
  private let tally: Tally
  private var request = ""

  /// Long enough for the other side to read what came before, most of the time.
  private static let pause = TimeAmount.microseconds(100)

  init(answer: @escaping @Sendable (Substring) -> Pieces, tally: Tally) {
    self.answer = answer
    self.tally = tally
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    request += String(buffer: unwrapInboundIn(data))
    guard let end = request.firstRange(of: "\r\n\r\n") else { return }
    let words = request.prefix { $0 != "\r\n" }.split(separator: " ")
    request.removeSubrange(..<end.upperBound)
    tally.change { $0.requests += 1 }
    guard words.count > 1 else { return context.close(promise: nil) }
    send(answer(words[1]), from: 0, context)
  }

  private func send(_ pieces: Pieces, from index: Int, _ context: ChannelHandlerContext) {
    guard index < pieces.parts.count else {
      if pieces.closes { context.close(promise: nil) }
      return
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: pieces.parts[index])), promise: nil)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.pause) {
      let (handler, context) = bound.value
      handler.send(pieces, from: index + 1, context)
    }
  }
}
