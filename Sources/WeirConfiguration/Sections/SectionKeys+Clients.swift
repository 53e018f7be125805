extension SectionKeys {
  static let clients =
    [
      SectionKey(
        .client, "key_hash", "hash", "What `weir key new` or `weir key hash` printed; this, `key_hashes` or `key`"),
      SectionKey(.client, "key_hashes", "hashes", "Several, all valid, while a key is being replaced"),
      SectionKey(.client, "key", "secret", "The key as it is; a hash is better, since nobody can use it as a key"),
      SectionKey(
        .client, "expires", "date", "From when its keys are refused, such as `2027-01-31` or `2027-01-31T18:00:00Z`"),
      SectionKey(.client, "disabled", "`true` or `false`", "Whether its keys are refused; by default, `false`"),
      SectionKey(
        .client, "models", "patterns",
        "The models that it may ask for, of those that `models` allows; `*` for any characters; by default, all"),
      SectionKey(
        .client, "endpoints", "names",
        "The APIs that it may call: `chat`, `completions`, `responses`, `messages`, `embeddings`, `models`, `other`; by "
          + "default, all"),
      SectionKey(.client, "tenant", "name", "Clients of one tenant share kept replies; by default, each has its own"),
      SectionKey(
        .client, "passes_upstream_key", "`true` or `false`",
        "Whether it may send a key of its own for the upstream: its key for weir comes in one of `Authorization` and "
          + "`x-api-key`, and the other goes upstream in the place of weir's; by default, `false`"),
      SectionKey(.client, "requests_per_minute", "integer", "Its rate limit in requests, named `rpm`"),
      SectionKey(.client, "tokens_per_minute", "integer", "Its rate limit in tokens, named `tpm`"),
      SectionKey(.client, "concurrency", "integer", "Its requests in flight at the same time, named `concurrency`"),
      SectionKey(.client, "budget_usd_day", "number", "Its budget in US dollars a UTC day, named `usd_day`"),
      SectionKey(.client, "budget_usd_month", "number", "Its budget in US dollars a UTC month, named `usd_month`"),
      SectionKey(.client, "max_input_tokens", "integer", "The longest prompt that it may send, in tokens"),
      SectionKey(.client, "max_output_tokens", "integer", "The largest output bound that it may ask for, in tokens"),
      SectionKey(.client, "tools", "group", "Which tools it may offer and models may call for it"),
    ] + clientTools

  private static let clientTools = [
    SectionKey(.clientTools, "allow", "patterns", "Tools that it may use, `*` for any characters; by default, all"),
    SectionKey(.clientTools, "deny", "patterns", "Tools that it may not use; goes before `allow`"),
    SectionKey(
      .clientTools, "replies", "`pass`, `strip`, `refuse`",
      "What becomes of a reply that calls another tool: it passes, loses the call, or is refused; by default, `pass`"),
  ]
}
