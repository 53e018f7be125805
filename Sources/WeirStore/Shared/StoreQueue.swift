/// First in, first out, without moving what waits each time.
struct StoreQueue<Element> {
  private var elements: [Element?] = []
  private var head = 0

  var isEmpty: Bool { head == elements.count }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    defer {
      elements[head] = nil
      head += 1
      if head == elements.count {
        elements.removeAll(keepingCapacity: elements.capacity <= 1024)
        head = 0
      } else if head >= 1024, head * 2 >= elements.count {
        elements.removeFirst(head)
        head = 0
      }
    }
    return elements[head]
  }

  /// Lets every element that waits be replaced.
  mutating func update(_ body: (inout Element) -> Void) {
    for index in head..<elements.count {
      guard var element = elements[index] else { continue }
      body(&element)
      elements[index] = element
    }
  }

  func forEach(_ body: (Element) -> Void) {
    for index in head..<elements.count {
      if let element = elements[index] { body(element) }
    }
  }
}
