import NIOHTTP1
import WeirConfiguration
import WeirPolicy
import WeirWire

/// `/rollouts` and `/rollouts/{name}`: shows and flips. Any thread may use it.
struct RolloutRoutes: Sendable {
  let live: LiveConfiguration

  /// Nil when the path is not one of these.
  func answer(_ request: AdminRequest, who: String) -> AdminReply? {
    guard request.path == "/rollouts" || request.path.hasPrefix("/rollouts/") else { return nil }
    let name = String(request.path.dropFirst("/rollouts/".count))
    switch request.head.method {
    case .GET where name == KillSwitchFlip.name, .HEAD where name == KillSwitchFlip.name: return killSwitch()
    case .PUT where name == KillSwitchFlip.name: return switchKimi(request.body, who: who)
    case .DELETE where name == KillSwitchFlip.name:
      return live.switchKimi(to: nil, who: who) ? killSwitch() : .handedOver
    case .GET, .HEAD: return show(name)
    case .PUT where !name.isEmpty: return change(name, request.body, who: who)
    case .DELETE where !name.isEmpty: return reply(live.reset(name, who: who), name)
    default:
      var reply = AdminReply.text(405, "This page does not take \(request.head.method.rawValue).\n")
      reply.fields = [("allow", name.isEmpty ? "GET, HEAD" : "GET, HEAD, PUT, DELETE")]
      return reply
    }
  }

  /// All rollouts as a JSON array.
  var list: [UInt8] {
    let all = live.rollouts.entries.map { String(decoding: Self.json($0), as: UTF8.self) }
    return Array("[\(all.joined(separator: ","))]".utf8)
  }

  private func show(_ name: String) -> AdminReply {
    let table = live.rollouts
    guard !name.isEmpty else {
      var line = JSONLine()
      line.add("rollouts", json: list)
      return .json(200, line.finish())
    }
    guard let entry = table.entry(named: name) else {
      return .text(404, "There is no rollout named \(name).\n")
    }
    return .json(200, Self.json(entry))
  }

  private func change(_ name: String, _ body: [UInt8], who: String) -> AdminReply {
    do throws(RolloutRequest.Fault) {
      return reply(live.change(name, try RolloutRequest.read(body), who: who), name)
    } catch {
      return .text(400, "\(error)\n")
    }
  }

  private func switchKimi(_ body: [UInt8], who: String) -> AdminReply {
    do throws(RolloutRequest.Fault) {
      guard let isEnabled = KillSwitchFlip.isEnabled(try RolloutRequest.read(body)) else {
        return .text(400, "The kill switch is off or on: send {\"enabled\": false} or {\"enabled\": true}\n")
      }
      return live.switchKimi(to: isEnabled, who: who) ? killSwitch() : .handedOver
    } catch {
      return .text(400, "\(error)\n")
    }
  }

  private func killSwitch() -> AdminReply {
    let (flip, isKimiEnabled) = live.killSwitch
    var line = JSONLine()
    line.add("name", KillSwitchFlip.name)
    line.add("enabled", isKimiEnabled)
    if let flip {
      line.add("changed_by", flip.who)
      line.add("changed_at", WallClock.timestamp(Double(flip.when) / 1000))
    }
    return .json(200, line.finish())
  }

  private func reply(_ result: Result<RolloutTable, RolloutProblem>?, _ name: String) -> AdminReply {
    switch result {
    case nil: return .handedOver
    case .success: return show(name)
    case .failure(.unknownRollout(let name, let known)):
      return .text(404, "There is no rollout named \(name). There are: \(known.joined(separator: ", "))\n")
    case .failure(let problem): return .text(400, "\(problem)\n")
    }
  }

  private static func json(_ entry: RolloutTable.Entry) -> [UInt8] {
    var line = JSONLine()
    line.add("name", entry.current.name)
    line.add("enabled", entry.current.isEnabled)
    line.add("percent", json: Percent(hundredths: entry.current.share).description.utf8)
    line.add("configured_percent", json: Percent(hundredths: entry.configured.share).description.utf8)
    line.add("from", json: "[\(entry.current.from.map(JSONText.quoted).joined(separator: ","))]".utf8)
    var variants = JSONLine()
    for variant in entry.current.variants {
      variants.addMember(variant.name, json: Percent(hundredths: variant.share).description.utf8)
    }
    line.add("variants", json: variants.finish())
    if let last = entry.flips.last {
      line.add("changed_by", last.who)
      line.add("changed_at", WallClock.timestamp(Double(last.when) / 1000))
    }
    return line.finish()
  }
}
