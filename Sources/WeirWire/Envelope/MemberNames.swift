import CWeirSimdjson

/// Names of top-level members that a parser is to find beside those of ``EnvelopeMember``; made once for a
/// configuration, so that a request costs no allocation for them.
public struct MemberNames: Sendable, Equatable {
  /// The names as the shim takes them; nil when there are none, so that most parsers' calls touch no counter of
  /// references.
  private let table: Table?

  /// Nothing is to be found.
  public static var none: MemberNames { MemberNames() }

  private init() { table = nil }

  /// Takes each name once, in the order given, as it reads with its escapes undone.
  public init(_ names: [String]) {
    table = names.isEmpty ? nil : Table(names)
  }

  /// True where both have the same names in the same order.
  public static func == (left: MemberNames, right: MemberNames) -> Bool {
    left.table?.names == right.table?.names
  }

  /// Nil beyond the last name.
  subscript(index: Int) -> String? {
    guard let table, table.names.indices.contains(index) else { return nil }
    return table.names[index]
  }

  /// Calls `body` with the names as the shim takes them; they must not outlive the call.
  func withNames<Result>(_ body: (weir_names) -> Result) -> Result {
    guard let table else { return unsafe body(weir_names()) }
    return unsafe table.bytes.withUnsafeBufferPointer { bytes in
      unsafe table.ends.withUnsafeBufferPointer { ends in
        unsafe body(weir_names(bytes: bytes.baseAddress, ends: ends.baseAddress, count: UInt32(ends.count)))
      }
    }
  }

  private final class Table: Sendable {
    let names: [String]
    /// The names one after the other, and where each ends.
    let bytes: [UInt8]
    let ends: [UInt32]

    init(_ names: [String]) {
      var known: Set<String> = []
      let unique = names.filter { known.insert($0).inserted }
      var bytes: [UInt8] = []
      ends = unique.map { name in
        bytes += name.utf8
        return UInt32(clamping: bytes.count)
      }
      self.names = unique
      self.bytes = bytes
    }
  }
}
