/// A family that can show itself at a scrape, from any thread.
protocol ExposedFamily: AnyObject, Sendable {
  var shape: FamilyShape { get }
  var help: String { get }

  /// Writes the samples of every series; the writer has the metadata already.
  func writeSamples(to writer: inout ExpositionWriter)
}
