import WeirUpstream

/// The requests that `weir demo` sends itself, so that a newcomer finds something on the status page.
struct DemoTraffic: Sendable {
  /// Of the traffic listener.
  let port: Int

  private static let users = 12
  private static let pause = Duration.milliseconds(700)
  private static let timeouts = PhaseTimeouts(
    connect: .seconds(2), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(20))

  /// Sends one request after the other until the task is cancelled. A failure is part of the picture, and shows there.
  func run() async throws {
    try await Caller.with(certificateAuthorityFile: nil, honoursProxies: false) { caller in
      var number = 0
      while !Task.isCancelled {
        let request = Self.request(number)
        _ = await caller.ask(
          "POST", "http://127.0.0.1:\(port)/v1/\(request.path)",
          fields: [("x-weir-user", "demo-user-\(number % Self.users)")], body: Array(request.body.utf8),
          timeouts: Self.timeouts)
        number += 1
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  /// The request of this number: of several APIs, plain and streamed, now and then the same again.
  static func request(_ number: Int) -> (path: String, body: String) {
    func chat(_ model: String, _ text: String, _ members: String = "") -> (path: String, body: String) {
      ("chat/completions", #"{"model":"\#(model)","messages":[{"role":"user","content":"\#(text)"}]\#(members)}"#)
    }
    switch number % 8 {
    case 0, 3: return chat("openai/gpt-4-turbo", "How far is it to the sea, by way \(number)?")
    case 1: return chat("kimi-k2", "Tell me of weir number \(number).", #","stream":true"#)
    case 2: return chat("kimi-k2", "What is the weather in Rome?", tools)
    case 4: return chat("kimi-k2", "What is a weir?")
    case 5: return ("embeddings", #"{"model":"openai/text-embedding-3-small","input":"A weir, \#(number)"}"#)
    case 6: return chat("openai/gpt-4-turbo", "Count to \(number).", #","stream":true"#)
    default:
      return (
        "messages", #"{"model":"kimi-k2","max_tokens":200,"messages":[{"role":"user","content":"Hello \#(number)"}]}"#
      )
    }
  }

  private static let tools = #"""
    ,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]
    """#
}
