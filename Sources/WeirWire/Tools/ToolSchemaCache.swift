/// Compiled schemas by their text, the most recently used; an agent sends the same ones with every turn.
/// Plain value, for one thread.
struct ToolSchemaCache {
  private struct Entry {
    /// Nil for a schema that proved unusable.
    var schema: ToolSchema?
    /// In bytes.
    var memory: Int
    var lastUse: Int
  }

  let maximumCount: Int
  /// What texts and compiled schemas may take in all, in bytes.
  let maximumMemory: Int

  private var entries: [[UInt8]: Entry] = [:]
  private(set) var memory = 0
  private var uses = 0

  init(maximumCount: Int = 256, maximumMemory: Int = 64 << 20) {
    self.maximumCount = maximumCount
    self.maximumMemory = maximumMemory
  }

  var count: Int { entries.count }

  /// The compiled schema; nil when it is unusable.
  mutating func schema(for text: [UInt8]) -> ToolSchema? {
    guard text.count <= ToolSchema.maximumBytes else { return nil }
    uses += 1
    if let known = entries[text] {
      entries[text]?.lastUse = uses
      return known.schema
    }
    let schema = ToolSchema(text)
    let entry = Entry(schema: schema, memory: text.count + (schema?.memory ?? 0), lastUse: uses)
    memory += entry.memory
    entries[text] = entry
    while entries.count > maximumCount || memory > maximumMemory, evictOldest() {}
    return schema
  }

  private mutating func evictOldest() -> Bool {
    guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
    entries[oldest.key] = nil
    memory -= oldest.value.memory
    return true
  }
}
