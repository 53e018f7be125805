extension SectionKeys {
  static let upstreams =
    [
      SectionKey(
        .upstream, "url", "URL",
        "Its base URL; required, except for `moonshot`, and for `default`, whose URL is `WEIR_UPSTREAM_URL`"),
      SectionKey(.upstream, "api_key", "secret", "Sent as its bearer token; redacted wherever it is shown"),
      SectionKey(
        .upstream, "api_key_env", "variable", "The variable of the environment or the env file that holds its key"),
      SectionKey(
        .upstream, "pass_client_key", "`true` or `false`",
        "Whether the client's own key goes there, where weir has neither a key for it nor client keys; by default, "
          + "`false`"),
      SectionKey(
        .upstream, "headers", "group",
        "Headers and their values, set on every request in place of the client's; values are redacted wherever they are "
          + "shown"),
      SectionKey(
        .upstream, "models", "group",
        "Models of the catalog and what this upstream calls them; others keep their name"),
      SectionKey(
        .upstream, "stream_usage", "`add` or `as_is`",
        "Whether weir asks for the usage of chat and completions streams (`stream_options.include_usage`) where the "
          + "client does not, and hides the answer from it; by default, `add`, but `as_is` for openrouter.ai and for "
          + "`default`, unless its host is api.openai.com, api.moonshot.ai or api.moonshot.cn"),
      SectionKey(.upstream, "timeouts", "group", "What differs from `WEIR_TIMEOUT_*`"),
      SectionKey(.upstream, "retry", "group", "How its requests are tried again; goes before `resilience.retry`"),
      SectionKey(.upstreamTimeouts, "connect", "seconds", "Until a connection stands, TLS included"),
      SectionKey(.upstreamTimeouts, "first_byte", "seconds", "From the request's last byte to the reply's first"),
      SectionKey(.upstreamTimeouts, "idle", "seconds", "Between two pieces of a reply"),
      SectionKey(.upstreamTimeouts, "total", "seconds", "The whole request"),
    ] + retry(in: .upstreamRetry)
}
