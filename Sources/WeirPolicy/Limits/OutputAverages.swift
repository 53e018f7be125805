/// How many tokens the replies of each model have had lately, learned from real usage; a value of bounded size.
///
/// An exponentially weighted moving average with weight 1/16, in 256ths of a token: `a += (x - a) / 16`. A model starts
/// at 512 tokens. Models beyond the first thousand share one average.
struct OutputAverages: Sendable {
  private var byModel: [String: Int] = [:]
  private var others = OutputAverages.scale * 512

  private static let scale = 256
  private static let weight = 16
  private static let maximumModels = 1000
  private static let longestName = 256
  private static let largest = 1_000_000

  /// Models that have an average of their own.
  var count: Int { byModel.count }

  /// Tokens that a reply of the model is expected to have.
  func average(of model: String) -> Int {
    let scaled = byModel[model] ?? (isFull ? others : OutputAverages.scale * 512)
    return (scaled + OutputAverages.scale / 2) / OutputAverages.scale
  }

  /// Learns the length of one whole reply.
  mutating func learn(_ tokens: Int, of model: String) {
    let sample = min(max(tokens, 0), OutputAverages.largest) * OutputAverages.scale
    if byModel[model] != nil || (!isFull && model.utf8.count <= OutputAverages.longestName) {
      OutputAverages.move(&byModel[model, default: OutputAverages.scale * 512], to: sample)
    } else {
      OutputAverages.move(&others, to: sample)
    }
  }

  private var isFull: Bool { byModel.count >= OutputAverages.maximumModels }

  /// Rounds away from zero, so that the average reaches what it nears.
  private static func move(_ average: inout Int, to sample: Int) {
    let distance = sample - average
    average += (distance + (distance > 0 ? weight - 1 : 1 - weight)) / weight
  }
}
