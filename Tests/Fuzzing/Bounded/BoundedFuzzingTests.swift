import Foundation
import Testing

/// A bounded run of every target with seeded bytes, so that it says the same each time; `run` has the long ones.
@Suite("Whatever bytes come from outside")
struct BoundedFuzzingTests {
  /// Per target: a few seconds in a debug build.
  private static let inputs: [FuzzTarget: Int] = [
    .canonical: 4000, .configuration: 250, .envelope: 4000, .events: 400, .fleet: 4000, .http: 1200, .inflate: 400,
    .path: 8000, .tools: 1000,
  ]
  private static let seed: UInt64 = 20_261_121

  @Test("what should hold does hold for mutations of the corpus", arguments: FuzzTarget.allCases)
  func holds(target: FuzzTarget) throws {
    let corpus = try Corpus(target)
    var mutator = Mutator(seed: Self.seed, corpus: corpus)
    for number in 0..<(Self.inputs[target] ?? 500) {
      let input = mutator.next()
      guard let finding = target.finding(in: input) else { continue }
      Issue.record(
        "\(target), seed \(Self.seed), input \(number): \(finding)\n\(Data(input).base64EncodedString())")
      return
    }
  }

  @Test("what was found once is found no more", arguments: FuzzTarget.allCases)
  func corpus(target: FuzzTarget) throws {
    let corpus = try Corpus(target)
    #expect(!corpus.inputs.isEmpty)
    for (name, input) in corpus.inputs {
      #expect(target.finding(in: input) == nil, "\(target)/\(name)")
    }
  }

  @Test("a check that sees nothing wrong anywhere would be noticed")
  func reference() {
    // Two lengths: the front must refuse it, and a reader that took either would see two requests.
    let smuggled = "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabcd"
    var strict = ReferenceReader(Array(smuggled.utf8))
    #expect(strict.next() == nil)
    var plain = ReferenceReader(Array("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /b HTTP/1.1\r\n\r\n".utf8))
    #expect(plain.next()?.body == Array("ab".utf8))
    #expect(plain.next()?.target == "/b")
  }
}
