/// What a model is good for; routing by task asks for these.
public enum ModelCapability: String, Sendable, CaseIterable, Hashable {
  /// Answers questions that need several steps of thought.
  case reasoning
  /// Writes and changes programs.
  case coding
  /// Reads material and draws conclusions.
  case analysis
  /// Calls tools reliably.
  case toolUse = "tool_use"
  /// Works on its own over many turns.
  case agentic
  /// Takes 100,000 tokens and more.
  case longContext = "long_context"
}
