import Testing

@testable import WeirPolicy

@Suite("The count of how often keys were asked for")
struct FrequencySketchTests {
  @Test("is never too low up to 15, and seldom too high")
  func counts() {
    var sketch = FrequencySketch(wordCount: 1024)
    for number in UInt64(0)..<500 {
      for _ in 0..<(number % 16) { sketch.note(key(number)) }
    }
    let tooHigh = (UInt64(0)..<500).count { sketch.frequency(of: key($0)) > Int($0 % 16) }
    #expect((UInt64(0)..<500).allSatisfy { sketch.frequency(of: key($0)) >= Int($0 % 16) })
    #expect(tooHigh < 25)
    #expect(sketch.frequency(of: key(1_000_000)) < 3)
  }

  @Test("stops at 15 and is halved after ten times as many requests as it has words")
  func halves() {
    var sketch = FrequencySketch(wordCount: 64)
    #expect(sketch.bytes == 512)
    for _ in 0..<639 { sketch.note(key(1)) }
    #expect(sketch.frequency(of: key(1)) == FrequencySketch.highest)
    sketch.note(key(1))
    #expect(sketch.frequency(of: key(1)) == FrequencySketch.highest / 2)
  }

  @Test("has at least 64 words and at most a mebibyte")
  func size() {
    #expect(FrequencySketch(wordCount: -1).bytes == 512)
    #expect(FrequencySketch(wordCount: .max).bytes == 1 << 20)
    #expect(FrequencySketch(wordCount: 65).bytes == 1024)
  }
}
