/// What is fuzzed: each target feeds any bytes to a part of weir that reads bytes from outside, and checks what must
/// hold whatever the bytes are. libFuzzer drives them (`run`), and so do the unit tests, with seeded bytes.
public enum FuzzTarget: String, Sendable, CaseIterable {
  case canonical, configuration, envelope, events, fleet, http, inflate, path, tools

  /// What does not hold for these bytes; nil where all does. Crashes where weir would.
  public func finding(in bytes: [UInt8]) -> String? {
    do throws(Finding) {
      switch self {
      case .canonical: try CanonicalTarget.check(bytes)
      case .configuration: try ConfigurationTarget.check(bytes)
      case .envelope: try EnvelopeTarget.check(bytes)
      case .events: try EventsTarget.check(bytes)
      case .fleet: try FleetTarget.check(bytes)
      case .http: try HTTPTarget.check(bytes)
      case .inflate: try InflateTarget.check(bytes)
      case .path: try PathTarget.check(bytes)
      case .tools: try ToolsTarget.check(bytes)
      }
      return nil
    } catch {
      return error.what
    }
  }
}

/// Something that should hold and does not.
struct Finding: Error {
  let what: String

  init(_ what: String) { self.what = what }
}

/// Throws where `holds` is false.
func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws(Finding) {
  if !holds { throw Finding(what()) }
}

/// Where to cut input into pieces: the sizes are drawn from the input's own bytes, so that they are the same each time.
struct Cuts {
  private var state: UInt64

  init(of bytes: [UInt8]) {
    state = bytes.prefix(64).reduce(UInt64(bytes.count) &+ 0x9E37_79B9_7F4A_7C15) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
  }

  private mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(bound, 1)
  }

  /// The input in pieces, most of them small.
  mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let longest = next(below: 4) == 0 ? 64 : 5
      let end = min(start + 1 + next(below: longest), bytes.count)
      pieces.append(bytes[start..<end])
      start = end
    }
    return pieces
  }
}
