import Testing

@testable import WeirProxy

@Suite("The series that a loop has used before")
struct SeriesCacheTests {
  /// A cache, and what was made for it.
  private func ask(_ keys: [String], maximum: Int) -> (series: [String], made: [String]) {
    var cache = SeriesCache<String, String>(maximum: maximum)
    var made: [String] = []
    let series = keys.map { key in
      cache.series(key) {
        made.append($0)
        return "series of \($0)"
      }
    }
    return (series, made)
  }

  @Test("are made once each, whatever the order they are asked in")
  func once() {
    let (series, made) = ask(["a", "a", "b", "a", "b", "b", "a"], maximum: 10)
    #expect(series == ["a", "a", "b", "a", "b", "b", "a"].map { "series of \($0)" })
    #expect(made == ["a", "b"])
  }

  @Test("start afresh beyond the bound, and are right all the same")
  func bound() {
    let (series, made) = ask(["a", "b", "c", "a", "c"], maximum: 2)
    #expect(series == ["a", "b", "c", "a", "c"].map { "series of \($0)" })
    #expect(made == ["a", "b", "c", "a"])
  }
}
