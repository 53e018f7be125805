import WeirPolicy
import WeirWire

extension RolloutState {
  /// Reads the file's bytes. Never fails: what is damaged is left out and told in `problems`; an empty file
  /// holds nothing.
  public init(reading bytes: [UInt8], path: String) {
    guard bytes.contains(where: { !ASCII.isBlank($0) && $0 != 0x0A && $0 != 0x0D }) else {
      self.init([])
      return
    }
    let document: JSONDocument
    do throws(JSONDocument.Fault) {
      document = try JSONDocument.read(bytes)
    } catch {
      self.init(
        flips: [], problems: [Self.problem(path, error.line, nil, "the state file is damaged: \(error.what)")]
      )
      return
    }
    self.init(document, path: path)
  }

  private init(_ document: JSONDocument, path: String) {
    guard case .number(let version) = document["version"], case .array(let items) = document["flips"] else {
      self.init(
        flips: [],
        problems: [Self.problem(path, nil, nil, "the state file is damaged: version or flips are missing")])
      return
    }
    guard version == "\(RolloutState.version)" else {
      self.init(
        flips: [],
        problems: [
          Self.problem(
            path, nil, "version",
            "the state file has the format \(version.prefix(40)), which this version cannot read")
        ])
      return
    }
    var flips: [FlipRecord] = []
    var problems: [ConfigurationProblem] = []
    for (index, item) in items.prefix(RolloutState.maximumFlips).enumerated() {
      do throws(ValueProblem) {
        flips.append(try FlipRecord(item))
      } catch {
        problems.append(Self.problem(path, nil, "flips[\(index + 1)]", error.what))
      }
    }
    if items.count > RolloutState.maximumFlips {
      problems.append(
        Self.problem(
          path, nil, "flips", "there are over \(RolloutState.maximumFlips) changes; the others are left out"))
    }
    self.init(flips: flips, problems: problems)
  }

  private static func problem(_ path: String, _ line: Int?, _ key: String?, _ what: String)
    -> ConfigurationProblem
  {
    ConfigurationProblem(
      .warning, source: path, line: line, key: key, what: what,
      fix: "correct the file and restart, or make the changes again; until then the configured values hold")
  }
}

extension FlipRecord {
  fileprivate init(_ json: JSONDocument) throws(ValueProblem) {
    guard case .string(let rollout) = json["rollout"], !rollout.isEmpty else {
      throw ValueProblem("the change names no rollout", fix: "")
    }
    guard case .string(let who) = json["who"], case .number(let spelled) = json["when_ms"],
      let when = Int64(spelled)
    else {
      throw ValueProblem("the change does not say who made it and when", fix: "")
    }
    let kinds = ["percent", "shares", "enabled", "reset"].filter { json[$0] != nil }
    guard let kind = kinds.first, kinds.count == 1, let from = json[kind]?["from"],
      let to = json[kind]?["to"],
      let change = Change(kind, from, to)
    else {
      throw ValueProblem("the change does not say from what to what", fix: "")
    }
    self.init(rollout: rollout, change: change, who: who, when: when)
  }
}

extension FlipRecord.Change {
  fileprivate init?(_ kind: String, _ from: JSONDocument, _ to: JSONDocument) {
    switch kind {
    case "percent":
      guard let from = Self.hundredths(from), let to = Self.hundredths(to) else { return nil }
      self = .percent(from: from, to: to)
    case "enabled":
      guard case .boolean(let from) = from, case .boolean(let to) = to else { return nil }
      self = .enabled(from: from, to: to)
    default:
      guard let from = Self.shares(from), let to = Self.shares(to) else { return nil }
      self = kind == "reset" ? .reset(from: from, to: to) : .shares(from: from, to: to)
    }
  }

  private static func hundredths(_ json: JSONDocument) -> Int? {
    guard case .number(let text) = json else { return nil }
    return (try? ValueParsers.percent(text))?.hundredths
  }

  private static func shares(_ json: JSONDocument) -> [String: Int]? {
    guard case .object(let members) = json else { return nil }
    let shares = members.compactMapValues(hundredths)
    return shares.count == members.count ? shares : nil
  }
}
