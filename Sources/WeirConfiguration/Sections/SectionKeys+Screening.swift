extension SectionKeys {
  static let screening = screeningKeys + screeningRules + screeningTokens + screeningTools

  private static let screeningKeys = [
    SectionKey(.screening, "rules", "list", "What is looked for in the texts of requests"),
    SectionKey(.screening, "tokens", "list", "Bounds on the tokens of one request; all that cover a request apply"),
    SectionKey(
      .screening, "tools", "list", "Which tools requests may offer and replies may call; all that cover a request apply"
    ),
    SectionKey(
      .screening, "unread", "`pass` or `refuse`",
      "What becomes of requests whose body weir does not read (multipart, other paths); by default, `pass`"),
  ]

  private static let screeningRules =
    [
      SectionKey(
        .screeningRule, "name", "name", required: true,
        "What metrics and messages call it, and the placeholder; neither `tools` nor `tokens`"),
      SectionKey(
        .screeningRule, "pattern", "regular expression",
        "What is looked for, in RE2's syntax over the text with JSON's escapes undone; this or `builtin`"),
      SectionKey(
        .screeningRule, "builtin", "name",
        "What weir knows by itself: `secrets`, `card`, `phone`, `email`, `national_id`, `iban`; this or `pattern`"),
      SectionKey(
        .screeningRule, "action", "`block`, `redact` or `flag`", required: true,
        "`block` refuses the request, `redact` sends a placeholder in a match's place, `flag` lets it pass and counts it"
      ),
      SectionKey(
        .screeningRule, "in", "names", "Whose texts: `user`, `system`, `assistant`, `tool`; by default, all"),
      SectionKey(
        .screeningRule, "placeholder", "text", "What the upstream sees; by default, `[REDACTED:` and the name and `]`"),
    ] + scope(in: .screeningRule)

  private static let screeningTokens =
    [
      SectionKey(
        .screeningTokens, "max_input_tokens", "integer", "Input tokens at most, as weir estimates them from the body"),
      SectionKey(.screeningTokens, "max_output_tokens", "integer", "Output tokens of one reply at most"),
      SectionKey(
        .screeningTokens, "over", "`refuse` or `cap`",
        "What becomes of a request that asks for more output; by default, `refuse`"),
      SectionKey(
        .screeningTokens, "absent", "`pass` or `cap`",
        "Whether a request without an output bound gets `max_output_tokens`; by default, `pass`"),
    ] + scope(in: .screeningTokens)

  private static let screeningTools =
    [
      SectionKey(
        .screeningTools, "allow", "patterns",
        "The tools that are allowed, by name, built-in ones by type, MCP servers by label; by default, all"),
      SectionKey(.screeningTools, "deny", "patterns", "The tools that are forbidden, whatever `allow` says"),
      SectionKey(
        .screeningTools, "requests", "`refuse` or `strip`",
        "What becomes of a forbidden tool that a request offers; by default, `refuse`"),
      SectionKey(
        .screeningTools, "replies", "`pass`, `strip` or `refuse`",
        "What becomes of a forbidden call in a reply; by default, `pass`"),
      SectionKey(
        .screeningTools, "history", "`pass` or `refuse`",
        "What becomes of a request with forbidden calls in earlier turns; by default, `pass`"),
    ] + scope(in: .screeningTools)

  private static func scope(in group: SectionGroup) -> [SectionKey] {
    [
      SectionKey(group, "clients", "names", "The clients whose requests it is about; by default, all"),
      SectionKey(
        group, "models", "patterns",
        "The models whose requests it is about, fallbacks included, `*` for any characters; by default, all"),
    ]
  }
}
