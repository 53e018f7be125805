import Testing

@testable import WeirProxy

@Suite("How many event loops serve")
struct EventLoopCountTests {
  @Test(
    "is what was asked for, or one for each processor that the process may use, eight at most",
    arguments: [
      (nil, 2, 2, 2), (nil, 2, 1, 1), (nil, 4, 0, 4), (nil, 1, 64, 1), (nil, 64, 64, 8), (nil, 0, 0, 1),
      (1, 64, 64, 1), (32, 2, 2, 32),
    ] as [(Int?, Int, Int, Int)])
  func count(asked: Int?, cores: Int, allowed: Int, loops: Int) {
    #expect(EventLoopCount.of(asked: asked, cores: cores, allowed: allowed) == loops)
  }
}
