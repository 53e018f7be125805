/// `GET /models` and below, as OpenRouter lists them.
enum Models {
  /// Nil when the path or the method is another's.
  static func reply(to request: Request, endpoint: String) throws(Failure) -> Reply? {
    guard request.method == "GET" || request.method == "HEAD" else { return nil }
    switch endpoint {
    case "/models", "/models/": return Reply(list(request))
    case "/models/count": return Reply(["data": ["count": JSON(Catalog.models.count)]])
    default:
      guard endpoint.hasPrefix("/models/") else { return nil }
      return try one(percentDecoded(endpoint.dropFirst("/models/".count)))
    }
  }

  private static func one(_ path: String) throws(Failure) -> Reply {
    let suffix = "/endpoints"
    let id = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
    guard let entry = Catalog.listed(id) else { throw Failure(status: 404, message: "Model not found") }
    return path == id ? Reply(entry.listing) : Reply(["data": entry.endpoints])
  }

  private static func list(_ request: Request) -> JSON {
    let all = Catalog.models
    let offset = min(max(request.parameter("offset").flatMap { Int($0) } ?? 0, 0), all.count)
    let limit = min(max(request.parameter("limit").flatMap { Int($0) } ?? all.count, 1), all.count)
    let end = min(offset + limit, all.count)
    let next: JSON = end < all.count ? .string("\(request.path)?offset=\(end)&limit=\(limit)") : nil
    return ["data": .array(all[offset..<end].map(\.listing)), "links": ["next": next]]
  }
}
