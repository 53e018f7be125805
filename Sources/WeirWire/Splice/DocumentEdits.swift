/// Edits to a JSON document that was read, told as byte ranges; every other byte stays as it is. No two may overlap.
struct DocumentEdits {
  private var edits: [(range: Range<Int>, text: [UInt8])] = []

  var isEmpty: Bool { edits.isEmpty }

  /// Puts JSON in the place of a value.
  mutating func replace(_ value: JSONValue, with json: String) {
    guard let range = value.range else { return }
    edits.append((range, Array(json.utf8)))
  }

  /// Takes elements out of an array, each with one comma beside it.
  ///
  /// - Parameter keeps: for each element, in order.
  mutating func filter(_ array: JSONValue, keeps: [Bool]) {
    guard keeps.contains(false) else { return }
    let ranges = array.elements.compactMap(\.range)
    guard ranges.count == keeps.count, let first = keeps.firstIndex(of: true) else {
      return replace(array, with: "[]")
    }
    if first > 0 { edits.append((ranges[0].lowerBound..<ranges[first].lowerBound, [])) }
    for index in ranges.indices.dropFirst(first + 1) where !keeps[index] {
      edits.append((ranges[index - 1].upperBound..<ranges[index].upperBound, []))
    }
  }

  /// The document with all edits made.
  func applied(to document: UnsafeRawBufferPointer) -> [UInt8] {
    var edited: [UInt8] = []
    edited.reserveCapacity(document.count)
    var position = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
    where edit.range.lowerBound >= position && edit.range.upperBound <= document.count {
      unsafe edited.append(contentsOf: document[position..<edit.range.lowerBound])
      edited.append(contentsOf: edit.text)
      position = edit.range.upperBound
    }
    unsafe edited.append(contentsOf: document[position...])
    return edited
  }
}
