import CWeirSchema

/// One compiled JSON Schema (valijson, with RE2 for patterns). Immutable; any thread may use it that has
/// ``stackBytes`` of stack.
@safe final class ToolSchema: @unchecked Sendable {
  /// The stack that compiling and checking may need, in bytes.
  static let stackBytes = weir_schema_stack_bytes()
  /// A schema's text above this many bytes is unusable.
  static let maximumBytes = Int(WEIR_SCHEMA_MAXIMUM_BYTES)
  /// A pointer to a violation is cut at this many bytes.
  private static let maximumPathBytes = 512

  /// What it may take in memory at most, in bytes.
  let memory: Int

  private let compiled: OpaquePointer

  /// Nil when the schema is unusable, whatever the reason.
  init?(_ text: [UInt8]) {
    let made = unsafe text.withUnsafeBufferPointer { unsafe weir_schema_compile($0.baseAddress, $0.count) }
    guard let made = unsafe made else { return nil }
    unsafe compiled = made
    memory = unsafe weir_schema_memory(made)
  }

  deinit {
    unsafe weir_schema_destroy(compiled)
  }

  /// Parses a call's arguments and checks them.
  func check(_ arguments: [UInt8]) -> ToolCallVerdict {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.maximumPathBytes) { path in
      var place = unsafe weir_schema_place(
        path: path.baseAddress, path_capacity: path.count, path_count: 0, keyword: nil)
      let result = unsafe arguments.withUnsafeBufferPointer {
        unsafe weir_schema_check(compiled, $0.baseAddress, $0.count, &place)
      }
      var verdict = ToolCallVerdict(Self.meaning(result))
      guard let keyword = unsafe place.keyword else { return verdict }
      let told = unsafe UnsafeRawBufferPointer(start: place.path, count: place.path_count)
      verdict.path = unsafe String(decoding: told, as: UTF8.self)
      verdict.keyword = unsafe String(cString: keyword)
      return verdict
    }
  }

  private static func meaning(_ result: weir_schema_result) -> ToolCallResult {
    switch result {
    case weir_schema_valid: .valid
    case weir_schema_invalid_json: .invalidJSON
    case weir_schema_mismatch: .schemaMismatch
    case weir_schema_unusable: .schemaUnusable
    default: .unchecked
    }
  }
}
