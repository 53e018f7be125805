/// What was made of the texts that were asked for last; most requests go where one of the few before them went.
struct RecentTexts<Made: AnyObject> {
  private var recent: [(text: String, made: Made)] = []
  private var oldest = 0

  private static var maximum: Int { 16 }

  /// What was made of this text, or is now; nil where nothing can be made of it, which is not remembered.
  mutating func value(for text: String, _ make: (String) -> Made?) -> Made? {
    if let known = recent.first(where: { $0.text == text }) { return known.made }
    guard let made = make(text) else { return nil }
    if recent.count < Self.maximum {
      recent.append((text, made))
    } else {
      recent[oldest] = (text, made)
      oldest = (oldest + 1) % Self.maximum
    }
    return made
  }
}
