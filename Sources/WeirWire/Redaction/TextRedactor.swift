import CWeirSchema

/// Regular expressions whose matches are taken out of texts before anybody keeps them: RE2's, so that the time is linear
/// in the text whatever the expression (https://github.com/google/re2/wiki/Syntax). Immutable; any thread may use it.
@safe public final class TextRedactor: @unchecked Sendable {
  /// Why an expression cannot be used.
  public enum Fault: Error, Sendable {
    /// RE2 does not understand it; look-around and back references are not its.
    case malformed
    /// It fits the empty text, so it fits everywhere.
    case matchesNothing
    /// It is longer than 2,048 bytes or needs more than a megabyte, or there are more than 64.
    case tooMuch
  }

  /// What stands where something was taken out.
  public static let mark = "[redacted]"

  private let patterns: OpaquePointer

  /// Compiles the expressions; throws for the first that cannot be used.
  public init(_ expressions: [String]) throws(Fault) {
    guard let made = unsafe weir_redactor_make() else { throw .tooMuch }
    unsafe patterns = made
    for expression in expressions {
      var expression = expression
      let fault = expression.withUTF8 { unsafe weir_redactor_add(patterns, $0.baseAddress, $0.count) }
      switch fault {
      case weir_redactor_fine: continue
      case weir_redactor_malformed: throw .malformed
      case weir_redactor_matches_nothing: throw .matchesNothing
      default: throw .tooMuch
      }
    }
  }

  deinit { unsafe weir_redactor_destroy(patterns) }

  /// The text without what the expressions match; nothing but the mark where there is no memory to look.
  public func redact(_ text: String) -> String {
    var text = text
    let redacted: String? = text.withUTF8 { bytes in
      var count = 0
      guard let changed = unsafe weir_redactor_run(patterns, bytes.baseAddress, bytes.count, Self.mark, &count) else {
        return nil
      }
      defer { unsafe weir_redactor_give_back(changed) }
      return unsafe String(decoding: UnsafeBufferPointer(start: changed, count: count), as: UTF8.self)
    }
    return redacted ?? Self.mark
  }
}
