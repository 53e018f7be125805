import CWeirSimdjson

/// Why a request body is refused: what is wrong, in words that hold nothing of the body but the name of a doubled key.
public struct EnvelopeError: Error, Sendable, Equatable {
  /// The kinds of fault a body can have.
  public enum Code: Sendable {
    case invalidJSON, notAnObject, duplicateKey, invalidUTF8, tooDeep
    /// More top-level members than any request has, or more memory needed than there is.
    case tooLarge
  }

  /// The kind of fault.
  public let code: Code
  /// A plain sentence for the client.
  public let reason: String
  /// Bytes from the body's start to the fault, where known.
  public let offset: Int?

  init(_ code: Code, _ reason: String, offset: Int? = nil) {
    self.code = code
    self.offset = offset
    self.reason = if let offset { "\(reason) (at byte \(offset))." } else { "\(reason)." }
  }

  /// - Parameter range: where the fault was seen, or from UInt32.max where that is not known.
  init(_ status: weir_json_status, range: weir_json_range, body: UnsafeRawBufferPointer) {
    let offset = range.start == UInt32.max ? nil : Int(range.start)
    switch status {
    case weir_json_too_deep:
      self.init(
        .tooDeep, "The body nests deeper than \(WEIR_JSON_MAXIMUM_DEPTH) arrays and objects", offset: offset)
    case weir_json_not_an_object:
      self.init(.notAnObject, "The body must be a JSON object", offset: offset)
    case weir_json_duplicate_key:
      self.init(.duplicateKey, unsafe Self.duplicateReason(range, body: body), offset: offset)
    case weir_json_too_many_members:
      self.init(
        .tooLarge, "The body has more than \(WEIR_JSON_MAXIMUM_MEMBERS) members at its top level",
        offset: offset)
    case weir_json_out_of_memory:
      self.init(.tooLarge, "The body is too large to be read")
    default:
      // Bad UTF-8 is told as that, whichever fault simdjson's code for this processor came upon first.
      if let invalid = unsafe Self.firstInvalidUTF8(in: body) {
        self.init(.invalidUTF8, "The body is not valid UTF-8", offset: invalid)
      } else {
        self.init(
          .invalidJSON, "The body is not valid JSON: \(Self.grammarFault(status))", offset: offset)
      }
    }
  }

  private static func grammarFault(_ status: weir_json_status) -> String {
    switch status {
    case weir_json_empty: "it is empty"
    case weir_json_byte_order_mark: "it begins with a byte order mark"
    case weir_json_control_character: "a string holds a control character that is not escaped"
    case weir_json_unclosed_string: "a string is not closed"
    case weir_json_bad_escape: "a string holds an unknown escape"
    case weir_json_bad_number: "a number is malformed"
    case weir_json_bad_literal: "a word is none of true, false and null"
    case weir_json_unexpected_end: "it ends too early"
    case weir_json_trailing_content: "something follows its end"
    default: "an unexpected character"
    }
  }

  private static func duplicateReason(_ range: weir_json_range, body: UnsafeRawBufferPointer) -> String {
    let start = Int(range.start)
    let end = Int(range.end)
    // The key as written, quotes included, so that no control character reaches a log.
    guard start < end, end - start <= 66, end <= body.count else {
      return "The body has the same member twice, which two parsers may read differently"
    }
    let key = unsafe String(decoding: body[start..<end], as: UTF8.self)
    return "The body has the member \(key) twice, which two parsers may read differently"
  }

  private static func firstInvalidUTF8(in body: UnsafeRawBufferPointer) -> Int? {
    let bytes = unsafe Span(_unsafeElements: body.bindMemory(to: UInt8.self))
    do {
      _ = try UTF8Span(validating: bytes)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }
}
