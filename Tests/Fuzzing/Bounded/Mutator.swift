/// Makes new inputs of those of a corpus: bits flipped, parts cut, repeated, moved between two inputs, words put in.
/// Equal seeds make equal inputs.
struct Mutator {
  private var state: UInt64
  private let corpus: Corpus
  private static let maximumBytes = 4096

  init(seed: UInt64, corpus: Corpus) {
    state = seed
    self.corpus = corpus
  }

  mutating func next() -> [UInt8] {
    var input = pick(corpus.inputs.map(\.bytes)) ?? []
    for _ in 0...below(6) { mutate(&input) }
    return Array(input.prefix(Self.maximumBytes))
  }

  private mutating func mutate(_ input: inout [UInt8]) {
    let place = below(input.count + 1)
    let part = place..<min(place + below(12), input.count)
    switch below(8) {
    case 0: if place < input.count { input[place] ^= 1 << UInt8(below(8)) }
    case 1: if place < input.count { input[place] = UInt8(below(256)) }
    case 2: input.removeSubrange(part)
    case 3: input.insert(contentsOf: Array(repeating: Array(input[part]), count: 1 + below(20)).joined(), at: place)
    case 4: input.replaceSubrange(part, with: pick(corpus.words) ?? [])
    case 5: input.insert(contentsOf: pick(corpus.words) ?? [], at: place)
    case 6:
      let other = pick(corpus.inputs.map(\.bytes)) ?? []
      let from = below(other.count + 1)
      input.replaceSubrange(place..<input.count, with: other[from...])
    default: input.insert(UInt8(below(256)), at: place)
    }
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[below(elements.count)]
  }

  /// SplitMix64 (Steele, Lea, Flood 2014).
  private mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(max(bound, 1)))
  }
}
