import NIOCore

/// `/_sim`: what tests ask about, and tell, the simulator itself. Not recorded, needs no key.
struct SimulatorControl: Sendable {
  let world: World

  static func owns(_ path: String) -> Bool { path == "/_sim" || path.hasPrefix("/_sim/") }

  func reply(to request: Request) -> Reply {
    do {
      return try route(request)
    } catch {
      return error.reply(endpoint: request.path)
    }
  }

  private func route(_ request: Request) throws(Failure) -> Reply {
    switch (request.method, request.path) {
    case ("GET", "/_sim/requests"):
      let count = request.parameter("last").flatMap { Int($0) } ?? Recorder.mostRequests
      let found = world.recorder.last(max(0, count), path: request.parameter("path"))
      let withLargeBodies = request.parameter("bodies") == "1"
      return Reply(.array(found.map { $0.json(withLargeBodies: withLargeBodies) }))
    case ("DELETE", "/_sim/requests"):
      world.recorder.removeAll()
      return Reply(["deleted": true])
    case ("GET", "/_sim/stats"):
      return Reply(world.totals.json)
    case ("GET", "/_sim/books"):
      return Reply(world.books.json)
    case ("POST", "/_sim/faults"):
      return try setFaults(String(decoding: request.body.readableBytesView, as: UTF8.self))
    case ("DELETE", "/_sim/faults"):
      world.faults.set([])
      return Reply(["faults": 0])
    default:
      throw Failure(status: 404, message: "No such control: \(request.method) \(request.path)")
    }
  }

  private func setFaults(_ specification: String) throws(Failure) -> Reply {
    do {
      let text = String(specification.split(whereSeparator: \.isNewline).joined(separator: ";"))
      let faults = try Fault.parse(text, allowingShares: true)
      world.faults.set(faults)
      return Reply(["faults": JSON(faults.count)])
    } catch {
      throw .badRequest(error.description)
    }
  }
}
