import Testing

@testable import WeirPolicy

@Suite("The estimate of a request's tokens")
struct TokenEstimateTests {
  @Test("takes four bytes a token for plain text, three for other characters, and encoded parts flat")
  func input() {
    let body = BodyCensus(plainBytes: 401, otherBytes: 31, encodedParts: 2)
    let estimate = TokenEstimate(body, requestedOutput: 100, averageOutput: 512)
    #expect(estimate.input == 101 + 11 + 2000)
    #expect(estimate.inputBound == 401 + 31 + 8000)
  }

  @Test("takes the smaller of the asked bound and the learned average, for each choice")
  func output() {
    let body = BodyCensus(plainBytes: 0)
    #expect(TokenEstimate(body, requestedOutput: 100, averageOutput: 512).output == 100)
    #expect(TokenEstimate(body, requestedOutput: 9000, averageOutput: 512).output == 512)
    #expect(TokenEstimate(body, requestedOutput: nil, averageOutput: 512).output == 512)
    #expect(TokenEstimate(body, requestedOutput: nil, averageOutput: 512).outputBound == nil)
    let three = TokenEstimate(body, requestedOutput: 9000, averageOutput: 512, choices: 3)
    #expect(three.output == 1536)
    #expect(three.outputBound == 27_000)
    #expect(TokenEstimate(body, requestedOutput: 0, averageOutput: 512).total == 0)
  }

  @Test("takes no count that cannot be", arguments: [Int.min, -1, 0, Int.max])
  func extremes(count: Int) {
    let body = BodyCensus(plainBytes: count, otherBytes: count, encodedParts: count)
    let estimate = TokenEstimate(body, requestedOutput: count, averageOutput: count, choices: count)
    for part in [estimate.input, estimate.inputBound, estimate.output, estimate.outputBound ?? -1] {
      #expect((0...1_000_000_000).contains(part))
    }
    let given = TokenEstimate(input: count, output: count, outputBound: count, choices: count)
    #expect((0...2_000_000_000).contains(given.total))
  }
}

@Suite("What a body is made of")
struct BodyCensusTests {
  private func census(_ text: String) -> BodyCensus { BodyCensus(Array(text.utf8).span) }

  @Test("tells bytes of other characters from plain ones")
  func characters() {
    #expect(census("hello") == BodyCensus(plainBytes: 5))
    #expect(census("你好, é") == BodyCensus(plainBytes: 2, otherBytes: 8))
    #expect(census("") == BodyCensus(plainBytes: 0))
  }

  @Test("finds encoded data wherever it lies and however long it is, and takes no text for it")
  func encoded() {
    let prose = String(repeating: "The quick brown fox. ", count: 30)
    for count in [256, 257, 383, 511, 5000] {
      let data = String(String(repeating: "aB3/+_-\\", count: 700).prefix(count))
      for offset in stride(from: 0, through: 300, by: 7) {
        let before = String(prose.prefix(offset))
        let body = "\(before)\"\(data)\"\(prose)"
        #expect(
          census(body) == BodyCensus(plainBytes: offset + 2 + prose.utf8.count, encodedParts: 1),
          "\(count) at \(offset)")
      }
    }
    #expect(census(String(repeating: prose, count: 20)).encodedParts == 0)
    #expect(census("\"" + String(repeating: "a", count: 255) + "\"").encodedParts == 0)
  }

  @Test("counts two parts as two, and other characters beside them")
  func twoParts() {
    let data = String(repeating: "QUJD", count: 100)
    #expect(
      census("[\"\(data)\",\"\(data)\",\"é\"]") == BodyCensus(plainBytes: 10, otherBytes: 2, encodedParts: 2))
  }
}
