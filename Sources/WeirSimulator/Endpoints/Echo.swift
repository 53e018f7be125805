import NIOCore

/// Any path without an endpoint of its own: tells what arrived.
enum Echo {
  static func reply(to request: Request) -> Reply {
    Reply([
      "method": .string(request.method), "path": .string(request.path), "query": .string(request.query),
      "content_type": JSON(request.header("content-type")), "bytes": JSON(request.body.readableBytes),
      "sha256": .string(request.sha256),
    ])
  }
}
