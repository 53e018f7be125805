import Foundation

/// The inputs and the words that fuzzing of a target begins with; libFuzzer reads the same files.
struct Corpus {
  let inputs: [(name: String, bytes: [UInt8])]
  let words: [[UInt8]]

  init(_ target: FuzzTarget) throws {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Corpus")
    let place = folder.appendingPathComponent(target.rawValue)
    inputs = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted().map { name in
      (name, Array(try Data(contentsOf: place.appendingPathComponent(name))))
    }
    let text = try String(contentsOf: folder.appendingPathComponent("\(target).dict"), encoding: .utf8)
    words = text.split(separator: "\n").filter { $0.hasPrefix("\"") }.map { Self.word(Array($0.utf8)) }
  }

  /// libFuzzer's notation: between quotes, with `\\`, `\"` and `\xAB`.
  private static func word(_ line: [UInt8]) -> [UInt8] {
    var word: [UInt8] = []
    var rest = line.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
        word.append(byte)
        continue
      }
      if next == UInt8(ascii: "x") {
        word.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
      } else {
        word.append(next)
      }
    }
    return word
  }
}
