@testable import WeirPolicy
import WeirWire

/// Seconds as nanoseconds.
func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }

/// A key that stands for a number.
func key(_ number: UInt64) -> CacheKey {
  var random = SplitMix64(seed: number)
  return CacheKey(words: InlineArray { _ in random.next() })
}

/// A reply with a body of one letter again and again.
func reply(_ count: Int = 100, model: String = "openai/gpt-4o", storedAt: Int64 = 0) -> StoredReply {
  StoredReply(
    StoredReply.Description(model: model, upstream: "openrouter.ai", storedAt: storedAt),
    head: Array("content-type: application/json\r\n".utf8), body: Array(repeating: UInt8(ascii: "x"), count: count))
}
