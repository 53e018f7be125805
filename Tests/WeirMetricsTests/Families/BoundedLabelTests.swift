import Testing
import WeirMetrics

@Suite("A bounded label")
struct BoundedLabelTests {
  @Test("admits the first unknown values and calls the rest other")
  func limit() {
    var label = BoundedLabel(known: ["k"], limit: 2)
    #expect(
      ["a", "b", "c", "a", "k", "other", "d"].map { label.admit($0) }
        == ["a", "b", "other", "a", "k", "other", "other"])
  }

  @Test("admits a hundred values unless told otherwise")
  func usualLimit() {
    var label = BoundedLabel(known: [])
    let admitted = Set((0..<1_000).map { label.admit(String($0)) })
    #expect(admitted.count == 101)
  }

  @Test("admits every known value without using up room")
  func known() {
    var label = BoundedLabel(known: Set((0..<50).map { "k\($0)" }), limit: 1)
    for index in 0..<50 { #expect(label.admit("k\(index)") == "k\(index)") }
    #expect(label.admit("new") == "new")
  }

  @Test("admits no unknown value at a limit of zero or less", arguments: [0, -1])
  func noRoom(limit: Int) {
    var label = BoundedLabel(known: ["k"], limit: limit)
    #expect(["k", "new"].map { label.admit($0) } == ["k", "other"])
  }

  @Test("takes a value that is far too long for other, without using up room")
  func tooLong() {
    let long = String(repeating: "x", count: BoundedLabel.maximumValueBytes + 1)
    var label = BoundedLabel(known: [], limit: 1)
    #expect(label.admit(long) == "other")
    #expect(label.admit(String(long.dropLast())) == String(long.dropLast()))
    var knowing = BoundedLabel(known: [long])
    #expect(knowing.admit(long) == long)
  }
}
