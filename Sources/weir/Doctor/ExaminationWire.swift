// The few members that the examination reads, named as on the wire.

/// A value of any kind.
struct Anything: Decodable {}

struct KeyReply: Decodable {
  struct Key: Decodable { let limit_remaining: Double? }
  let data: Key
}

struct CreditsReply: Decodable {
  struct Credits: Decodable {
    let total_credits: Double
    let total_usage: Double
  }
  let data: Credits
}

struct ModelsReply: Decodable {
  struct Model: Decodable { let id: String }
  let data: [Model]
}

struct CompletionRequest: Encodable {
  struct Message: Encodable {
    let role: String
    let content: String
  }
  let model: String
  let max_tokens: Int
  let messages: [Message]
}

struct CompletionReply: Decodable {
  struct Choice: Decodable {
    struct Message: Decodable { let content: String? }
    let message: Message?
  }
  struct Usage: Decodable {
    let prompt_tokens: Int
    let completion_tokens: Int
    let cost: Double?
  }
  let choices: [Choice]?
  let usage: Usage?
  let provider: String?
}

struct ErrorReply: Decodable {
  struct Fault: Decodable { let message: String }
  let error: Fault
}
