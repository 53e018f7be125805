import WeirWire

/// The state file of budgets, as bytes; reading and writing the disk is the caller's.
///
/// One JSON object. An entry without `client` is everyone's; `start` is in seconds since 1970 UTC, `nano_usd` in billionths
/// of a dollar. `untold` is like `spending`, a part of it, and mostly not there. Keys that this version does not know are
/// ignored.
///
///     {"version":1,"spending":[
///     {"client":"web","period":"day","start":1795219200,"nano_usd":1250000000,"tokens":81234}
///     ]}
public enum SpendingFile {
  /// Why a file cannot be used. What was spent is then not known: starting from nothing would open every budget again.
  public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, without a full stop.
    public let reason: String
    /// The line it is on, from 1; nil when it is about the whole file.
    public let line: Int?

    /// What is wrong and what to do about it.
    public var description: String {
      "the budget state file is unusable\(line.map { ", line \($0)" } ?? ""): \(reason); "
        + "restore it from a copy, or delete it to begin with nothing spent"
    }
  }

  /// What a file says.
  public struct Contents: Sendable, Equatable {
    /// What was spent.
    public let spending: [SavedSpending]
    /// Of that, what the process that wrote it had yet to tell the store of its fleet, where it handed over, or ended or
    /// went on while the store was away.
    public let untold: [SavedSpending]
  }

  /// The format that this version writes.
  static let version: Int64 = 1
  /// The most entries that are read: two for each of twice the clients that a configuration may have, since some of whom
  /// it has no more are kept.
  static let maximumEntries = 400_000
  /// The most bytes that are read: as many entries, what is untold of them, and names of some length.
  public static let maximumBytes = 128 << 20

  /// The file's bytes, an entry a line; write them to a new file and rename it, so that no reader sees half.
  ///
  /// - Parameter untold: see `Contents`.
  public static func encode(_ spending: [SavedSpending], untold: [SavedSpending] = []) -> [UInt8] {
    var bytes = Array("{\"version\":\(version),\"spending\":[".utf8)
    append(spending, to: &bytes)
    if !untold.isEmpty {
      bytes.append(contentsOf: "],\"untold\":[".utf8)
      append(untold, to: &bytes)
    }
    bytes.append(contentsOf: "]}\n".utf8)
    return bytes
  }

  private static func append(_ entries: [SavedSpending], to bytes: inout [UInt8]) {
    for (index, entry) in entries.enumerated() {
      bytes.append(contentsOf: (index == 0 ? "\n{" : ",\n{").utf8)
      if let client = entry.client {
        bytes.append(contentsOf: "\"client\":".utf8)
        JSONText.appendQuoted(client, to: &bytes)
        bytes.append(UInt8(ascii: ","))
      }
      bytes.append(
        contentsOf:
          "\"period\":\"\(entry.period.rawValue)\",\"start\":\(entry.start),\"nano_usd\":\(entry.nanoUSD),\"tokens\":\(entry.tokens)}"
          .utf8)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Reads a file whole, or says why not; a file without any bytes is a fault too.
  public static func decode(_ bytes: [UInt8]) throws(Fault) -> Contents {
    let document: JSONDocument
    do throws(JSONDocument.Fault) {
      document = try JSONDocument.read(bytes)
    } catch {
      throw Fault(reason: error.what, line: error.line)
    }
    guard let found = document["version"]?.wholeNumber else {
      throw Fault(reason: "it is not an object with a version, so it belongs to something else", line: nil)
    }
    guard found == version else {
      throw Fault(reason: "it has version \(found), and this weir reads version \(version)", line: nil)
    }
    guard let spending = try entries(document["spending"]) else {
      throw Fault(reason: "it has no list `spending`", line: nil)
    }
    return Contents(spending: spending, untold: try entries(document["untold"]) ?? [])
  }

  /// Nil where there is no list.
  private static func entries(_ list: JSONDocument?) throws(Fault) -> [SavedSpending]? {
    guard case .array(let items) = list else { return nil }
    guard items.count <= maximumEntries else {
      throw Fault(reason: "it has more than \(maximumEntries) entries", line: nil)
    }
    var entries: [SavedSpending] = []
    for (index, item) in items.enumerated() { entries.append(try entry(item, number: index + 1)) }
    return entries
  }

  private static func entry(_ item: JSONDocument, number: Int) throws(Fault) -> SavedSpending {
    func fault(_ what: String) -> Fault { Fault(reason: "entry \(number) \(what)", line: nil) }
    guard case .object(let members) = item else { throw fault("is not an object") }
    var client: String?
    switch members["client"] {
    case nil: break
    case .string(let name): client = name
    default: throw fault("has a `client` that is not a string")
    }
    guard case .string(let name) = members["period"], let period = BudgetRule.Period(rawValue: name) else {
      throw fault("has no `period` that is `day` or `month`")
    }
    guard let start = members["start"]?.wholeNumber, BudgetCalendar.start(of: period, at: start) == start else {
      throw fault("has no `start` that a \(name) begins at")
    }
    guard let nanoUSD = members["nano_usd"]?.wholeNumber, let tokens = members["tokens"]?.wholeNumber,
      nanoUSD >= 0, tokens >= 0
    else { throw fault("has no `nano_usd` and `tokens` that are whole numbers from 0") }
    return SavedSpending(client: client, period: period, start: start, nanoUSD: nanoUSD, tokens: tokens)
  }
}
