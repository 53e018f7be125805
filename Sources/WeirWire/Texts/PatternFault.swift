import CWeirPatterns

/// Why a pattern cannot be used.
public enum PatternFault: Error, Sendable, Equatable {
  /// The syntax is not RE2's; the text says what is wrong, back references and look-around included.
  case invalid(String)
  /// The pattern, or the program that it makes, is larger than ``TextPatterns/maximumProgram`` allows.
  case tooLarge
  /// It finds a match of no length, so it would match everywhere.
  case matchesEmpty
  /// Every character is a match.
  case matchesAll
  /// There is no memory for it.
  case outOfMemory

  init?(_ status: weir_pattern_status, reason: String) {
    switch status {
    case weir_pattern_valid: return nil
    case weir_pattern_invalid: self = .invalid(reason)
    case weir_pattern_too_large: self = .tooLarge
    case weir_pattern_matches_empty: self = .matchesEmpty
    case weir_pattern_matches_all: self = .matchesAll
    default: self = .outOfMemory
    }
  }
}
