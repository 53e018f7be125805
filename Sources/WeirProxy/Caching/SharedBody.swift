import NIOCore

/// What is kept of a reply for its followers, and how far each of them is. A value inside the lock of `SharedReply`.
///
/// While the whole reply so far fits its bound, all of it is kept, so that further followers can begin at its first
/// byte. From then on only what some follower has not read is. Once one lags further behind than may be, nothing more
/// should come (`isBehind`).
struct SharedBody {
  /// How far a follower is.
  struct Reader {
    /// The number of the chunk it reads next.
    var next = 0
    /// Bytes that it has read.
    var bytes = 0
    /// Bytes that its client has taken since of what the system holds for it: it may lag by so much more.
    var freed = 0
    /// Its client has yet to take something of what it has read, as last seen.
    var lags = false
  }

  private struct Chunk {
    var buffer: ByteBuffer
    /// Memory that it holds, up to about twice its bytes: what all replies together are bounded by.
    var held: Int

    /// What one reply is bounded by, like the entry that it may become.
    var bytes: Int { buffer.readableBytes }
  }

  private let bounds: InFlightReplies.Bounds
  private let budget: InFlightBudget
  private var chunks = CircularBuffer<Chunk>(initialCapacity: 1)
  /// The number of the first chunk that is kept.
  private var base = 0
  private(set) var kept = 0
  /// Bytes of the reply so far.
  private(set) var total = 0
  /// Taken from the budget.
  private var held = 0
  private(set) var readers: [Int: Reader] = [:]
  /// Whether everything since the first byte is kept.
  private(set) var isWhole = true

  init(_ bounds: InFlightReplies.Bounds, budget: InFlightBudget) {
    self.bounds = bounds
    self.budget = budget
  }

  /// A new reader begins at the first byte.
  mutating func add(_ reader: Int) { readers[reader] = Reader() }

  /// What only this reader still needed goes.
  mutating func remove(_ reader: Int) {
    readers[reader] = nil
    dropRead()
  }

  /// The bounds are passed by what comes until the upstream is paused.
  mutating func append(_ buffer: ByteBuffer) {
    total += buffer.readableBytes
    if isWhole {
      let chunk = Self.fitted(buffer)
      if take(chunk, within: bounds.whole) { return chunks.append(chunk) }
      isWhole = false
      dropRead()
    }
    var rest = buffer
    while let piece = rest.readSlice(length: min(rest.readableBytes, Self.longestPiece)), piece.readableBytes > 0 {
      appendForReaders(piece)
    }
  }

  private mutating func appendForReaders(_ buffer: ByteBuffer) {
    guard !readers.isEmpty else {
      base += chunks.count + 1
      releaseAll()
      return
    }
    let chunk = Self.fitted(buffer)
    if !take(chunk, within: .max) {
      // Beyond the memory for all, by this much; nothing more comes before it is read.
      budget.takeAnyway(chunk.held)
      count(chunk)
    }
    chunks.append(chunk)
  }

  /// What one reader takes at once is bounded, so a larger buffer is cut into pieces.
  private static let longestPiece = 256 * 1024

  /// Whether somebody lags so far behind that nothing more should come. Where the memory for all is used up, that is
  /// whoever lags at all.
  var isBehind: Bool {
    guard !isWhole, !chunks.isEmpty else { return false }
    if budget.isUsedUp { return true }
    return kept > bounds.lag && readers.values.contains { isBehind($0) }
  }

  /// Whether it is this reader that lags so far behind.
  func isBehind(_ id: Int) -> Bool {
    guard isBehind, let reader = readers[id] else { return false }
    return budget.isUsedUp ? reader.next < base + chunks.count : isBehind(reader)
  }

  private func isBehind(_ reader: Reader) -> Bool {
    total - reader.bytes - reader.freed > bounds.lag
  }

  /// A reader's client has taken so much of what the system holds for it.
  mutating func note(freed: Int, of id: Int) { readers[id]?.freed = freed }

  /// A reader's client has, or has not, something to take yet.
  mutating func note(lags: Bool, of id: Int) { readers[id]?.lags = lags }

  /// Whether somebody has read everything so far, and waits for more.
  var hasReaderWithAll: Bool { readers.values.contains { !$0.lags && $0.next == base + chunks.count } }

  /// The next chunks of a reader, at least one where there is one, at most so many bytes.
  mutating func read(_ id: Int, maximumBytes: Int) -> (chunks: [ByteBuffer], hasMore: Bool) {
    guard var reader = readers[id] else { return ([], false) }
    var read: [ByteBuffer] = []
    var bytes = 0
    while reader.next < base + chunks.count {
      let buffer = chunks[offset: reader.next - base].buffer
      guard read.isEmpty || bytes + buffer.readableBytes <= maximumBytes else { break }
      bytes += buffer.readableBytes
      read.append(buffer)
      reader.next += 1
    }
    reader.bytes += bytes
    if bytes > 0 { reader.freed = 0 }
    readers[id] = reader
    if !read.isEmpty { dropRead() }
    return (read, reader.next < base + chunks.count)
  }

  /// Whether a reader has got everything so far.
  func hasReadAll(_ id: Int) -> Bool {
    guard let reader = readers[id] else { return false }
    return reader.next == base + chunks.count
  }

  /// The bytes of the whole reply; nil where its beginning is no longer kept.
  var whole: [UInt8]? {
    guard isWhole else { return nil }
    // Nearly every reply that is no stream comes in one piece.
    if chunks.count == 1, let chunk = chunks.first { return Array(chunk.buffer.readableBytesView) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(chunks.reduce(0) { $0 + $1.buffer.readableBytes })
    for chunk in chunks { bytes.append(contentsOf: chunk.buffer.readableBytesView) }
    return bytes
  }

  /// Gives all room back; nothing is kept then.
  mutating func releaseAll() {
    chunks.removeAll(keepingCapacity: true)
    budget.give(held)
    held = 0
    kept = 0
  }

  private mutating func take(_ chunk: Chunk, within bound: Int) -> Bool {
    guard chunk.bytes <= bound - kept, budget.take(chunk.held) else { return false }
    count(chunk)
    return true
  }

  private mutating func count(_ chunk: Chunk) {
    kept += chunk.bytes
    held += chunk.held
  }

  /// Lets go what nobody needs any more.
  private mutating func dropRead() {
    guard !isWhole else { return }
    let needed = readers.values.map(\.next).min() ?? .max
    while base < needed, let chunk = chunks.popFirst() {
      base += 1
      kept -= chunk.bytes
      held -= chunk.held
      budget.give(chunk.held)
    }
  }

  /// A slice of a large buffer would keep all of it, so it is copied.
  private static func fitted(_ buffer: ByteBuffer) -> Chunk {
    guard buffer.storageCapacity > 2 * buffer.readableBytes + 1024 else {
      return Chunk(buffer: buffer, held: buffer.storageCapacity)
    }
    var copy = ByteBufferAllocator().buffer(capacity: buffer.readableBytes)
    copy.writeImmutableBuffer(buffer)
    return Chunk(buffer: copy, held: copy.storageCapacity)
  }
}
