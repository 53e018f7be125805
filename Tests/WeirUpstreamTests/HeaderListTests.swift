import CWeirCurl
import Testing

@testable import WeirUpstream

@Suite("A list of header lines for libcurl")
struct HeaderListTests {
  private func entries(_ list: HeaderList) -> [String] {
    var entries: [String] = []
    var node = unsafe list.seal()
    while let current = unsafe node {
      entries.append(unsafe String(cString: current.pointee.data))
      unsafe node = current.pointee.next
    }
    return entries
  }

  private func lines(_ list: HeaderList) -> [String] {
    entries(list).flatMap { $0.split(separator: "\r\n").map(String.init) }
  }

  @Test("holds its lines in their order")
  func order() {
    let list = HeaderList(.libcurl)
    list.add("B", "2")
    list.add("a", "1")
    list.add("B", "3")
    #expect(lines(list) == ["B: 2", "a: 1", "B: 3"])
  }

  @Test("sends an empty value as one, and suppresses what libcurl would make up")
  func empty() {
    let list = HeaderList(.libcurl)
    list.add("X-Empty", "")
    list.suppress("Expect")
    #expect(lines(list) == ["X-Empty;", "Expect:"])
  }

  @Test("has an entry of its own for each line that libcurl looks for, and one for all between them")
  func joins() {
    let list = HeaderList(.libcurl)
    for name in ["X-A", "X-B", "Content-Type", "X-C", "AUTHORIZATION", "X-D", "x-e"] { list.add(name, "1") }
    list.add("X-Empty", "")
    list.add("X-F", "1")
    list.suppress("Expect")
    list.add("X-G", "1")
    #expect(
      entries(list) == [
        "X-A: 1\r\nX-B: 1", "Content-Type: 1", "X-C: 1", "AUTHORIZATION: 1", "X-D: 1\r\nx-e: 1", "X-Empty;", "X-F: 1",
        "Expect:", "X-G: 1",
      ])
    list.removeAll()
    list.add("X-A", "2")
    #expect(entries(list) == ["X-A: 2"])
  }

  @Test("is no list at all without lines")
  func none() {
    let list = HeaderList(.libcurl)
    #expect(lines(list) == [])
    list.add("A", "1")
    list.removeAll()
    #expect(lines(list) == [])
  }

  @Test("keeps text of any language byte by byte")
  func bytes() {
    let list = HeaderList(.libcurl)
    list.add("X", "héllo 漢字 👩‍🚀")
    #expect(lines(list) == ["X: héllo 漢字 👩‍🚀"])
  }

  @Test("grows with its lines, and with their length, without losing one", arguments: [1, 47, 48, 49, 97, 1000])
  func growth(count: Int) {
    let list = HeaderList(.libcurl)
    let values = (1...count).map { String(repeating: "v", count: $0) }
    for (index, value) in values.enumerated() { list.add("Name-\(index)", value) }
    #expect(lines(list) == values.enumerated().map { "Name-\($0): \($1)" })
  }

  @Test("serves one request after the other")
  func reuse() {
    let list = HeaderList(.libcurl)
    for round in 0..<20 {
      let size = round % 3 == 0 ? 40_000 : 10
      list.add("Round", String(round))
      list.add("Filling", String(repeating: "x", count: size))
      #expect(lines(list) == ["Round: \(round)", "Filling: " + String(repeating: "x", count: size)])
      list.removeAll()
    }
  }

  @Test("has no lines once it has let go of its memory, and takes new ones")
  func letGo() {
    let list = HeaderList(.libcurl)
    list.letGo()
    for round in 0..<3 {
      for index in 0..<40 { list.add("Content-Type", String(repeating: "\(index)", count: round * 100 + 1)) }
      list.add("Round", String(round))
      #expect(lines(list).count == 41)
      #expect(lines(list).last == "Round: \(round)")
      list.letGo()
      #expect(lines(list) == [])
    }
  }
}
