/// A text cut into the simulator's tokens: one word and the white space that follows it.
/// White space before the first word belongs to the first token; an empty text has none.
func words(of text: String) -> [Substring] {
  var words: [Substring] = []
  var start = text.utf8.startIndex
  var sawWord = false
  var sawSpaceAfterWord = false
  for index in text.utf8.indices {
    if isASCIISpace(text.utf8[index]) {
      sawSpaceAfterWord = sawWord
    } else {
      if sawSpaceAfterWord {
        words.append(text[start..<index])
        start = index
        sawSpaceAfterWord = false
      }
      sawWord = true
    }
  }
  if start < text.utf8.endIndex { words.append(text[start...]) }
  return words
}

/// Tokens of a prompt of this many bytes of text: a quarter, rounded up, at least 1.
func promptTokens(bytes: Int) -> Int { max(1, (bytes + 3) / 4) }
