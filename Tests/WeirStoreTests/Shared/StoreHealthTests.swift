import Testing

@testable import WeirStore

@Suite("A connection to the store")
struct StoreHealthTests {
  @Test("takes calls from its first good probe on")
  func passes() {
    var health = StoreHealth()
    #expect(!health.isTaking)
    #expect(health.passed() == true)
    #expect(health.isTaking)
    #expect(health.passed() == false)
  }

  @Test("takes none after three late answers in a row, and says so once")
  func late() {
    var health = StoreHealth()
    _ = health.passed()
    var news: [Bool] = []
    for _ in 0..<4 { news.append(health.late()) }
    #expect(news == [false, false, true, false])
    #expect(!health.isTaking)
  }

  @Test("forgets late answers at one that is in time")
  func inTime() {
    var health = StoreHealth()
    _ = health.passed()
    for _ in 0..<10 {
      #expect(health.late() == false)
      #expect(health.late() == false)
      health.answered()
    }
    #expect(health.isTaking)
  }

  @Test("is not made to take calls by an answer, but by a probe")
  func recovery() {
    var health = StoreHealth()
    _ = health.passed()
    for _ in 0..<3 { _ = health.late() }
    health.answered()
    #expect(!health.isTaking)
    #expect(health.passed() == true)
  }

  @Test("takes none once it has failed")
  func failure() {
    var health = StoreHealth()
    #expect(health.failed() == false)
    _ = health.passed()
    #expect(health.failed() == true)
    #expect(health.failed() == false)
  }

  @Test("is tried again ever more seldom, up to two seconds, and less than that by chance")
  func backoff() {
    var backoff = StoreBackoff()
    var waits: [UInt64] = []
    for _ in 0..<7 { waits.append(backoff.next(random: 0) / 1_000_000) }
    #expect(waits == [100, 200, 400, 800, 1600, 2000, 2000])
    let byChance = [backoff.next(random: 1), backoff.next(random: .infinity)]
    #expect(byChance == [1_000_000_000, 1_000_000_000])
    backoff.reset()
    let first = backoff.next(random: 0)
    #expect(first == 100_000_000)
  }
}

@Suite("A queue of what waits")
struct StoreQueueTests {
  @Test("gives back in order, whatever was taken in between")
  func order() {
    var queue = StoreQueue<Int>()
    var (next, expected) = (0, 0)
    for round in 0..<50 {
      for _ in 0..<(round % 7) * 300 {
        queue.append(next)
        next += 1
      }
      for _ in 0..<(round % 5) * 400 where !queue.isEmpty {
        #expect(queue.popFirst() == expected)
        expected += 1
      }
    }
    var rest: [Int] = []
    queue.forEach { rest.append($0) }
    #expect(rest == Array(expected..<next))
    while let element = queue.popFirst() {
      #expect(element == expected)
      expected += 1
    }
    #expect(expected == next)
    #expect(queue.isEmpty)
  }

  @Test("lets what waits be replaced, and nothing else")
  func replace() {
    var queue = StoreQueue<Int>()
    for number in 0..<6 { queue.append(number) }
    _ = queue.popFirst()
    queue.update { $0 *= 10 }
    var rest: [Int] = []
    while let element = queue.popFirst() { rest.append(element) }
    #expect(rest == [10, 20, 30, 40, 50])
  }
}
