import CWeirSimdjson

/// Names of top-level members that a parser is to find beside those of ``EnvelopeMember``; made once for a
/// configuration, so that a request costs no allocation for them.
public struct MemberNames: Sendable, Equatable {
  private let names: [String]
  private let bytes: [UInt8]
  private let ends: [UInt32]

  /// Nothing is to be found.
  public static let none = MemberNames([])

  /// Takes each name once, in the order given, as it reads with its escapes undone.
  public init(_ names: [String]) {
    var known: Set<String> = []
    self.names = names.filter { known.insert($0).inserted }
    bytes = self.names.flatMap(\.utf8)
    var end: UInt32 = 0
    ends = self.names.map { name in
      end += UInt32(name.utf8.count)
      return end
    }
  }

  /// Nil beyond the last name.
  subscript(index: Int) -> String? { names.indices.contains(index) ? names[index] : nil }

  /// Calls `body` with the names as the shim takes them; they must not outlive the call.
  func withNames<Result>(_ body: (weir_names) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe ends.withUnsafeBufferPointer { ends in
        unsafe body(
          weir_names(bytes: bytes.baseAddress, ends: ends.baseAddress, count: UInt32(ends.count)))
      }
    }
  }
}
