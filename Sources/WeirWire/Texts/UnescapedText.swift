import CWeirPatterns

/// The text of a JSON string with its escapes undone, and where each byte of it stands as written. Keeps its memory from
/// one string to the next. Plain value.
struct UnescapedText {
  private var bytes: [UInt8] = []
  private var escapes: [weir_escape] = []
  private var escapeCount = 0

  /// Calls `body` with the text. A string without escapes is not copied. A lone surrogate becomes U+FFFD.
  ///
  /// - Parameter raw: what stands between the quotes of a valid JSON string.
  mutating func read(_ raw: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, borrowing UnescapedText) -> Void) {
    escapeCount = 0
    let source = unsafe raw.bindMemory(to: UInt8.self)
    let backslashes = unsafe weir_text_backslashes(source.baseAddress, source.count)
    guard backslashes > 0 else { return unsafe body(raw, self) }
    if bytes.count < raw.count { bytes = [UInt8](repeating: 0, count: raw.count) }
    if escapes.count < backslashes { escapes = [weir_escape](repeating: weir_escape(), count: backslashes) }
    var noted = 0
    let written = unsafe bytes.withUnsafeMutableBufferPointer { text in
      unsafe escapes.withUnsafeMutableBufferPointer { marks in
        unsafe weir_text_unescape(source.baseAddress, source.count, text.baseAddress, marks.baseAddress, &noted)
      }
    }
    escapeCount = noted
    let text = bytes
    unsafe text.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<written]), self) }
  }

  /// Where a part of the text stands as written, from the start of the string; whole escapes.
  func written(_ range: Range<Int>) -> Range<Int> {
    let start = place(range.lowerBound, isEnd: false)
    return start..<max(place(range.upperBound, isEnd: true), start)
  }

  private func place(_ offset: Int, isEnd: Bool) -> Int {
    // The first escape whose text ends behind the offset.
    var (low, high) = (0, escapeCount)
    while low < high {
      let middle = (low + high) / 2
      if Int(escapes[middle].text_end) <= offset { low = middle + 1 } else { high = middle }
    }
    if low < escapeCount, Int(escapes[low].text_start) < offset {
      return Int(isEnd ? escapes[low].raw_end : escapes[low].raw_start)
    }
    guard low > 0 else { return offset }
    let last = escapes[low - 1]
    return Int(last.raw_end) + offset - Int(last.text_end)
  }
}
