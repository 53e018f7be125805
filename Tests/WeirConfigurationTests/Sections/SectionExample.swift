import WeirConfiguration

/// A file that says everything that sections can say, and is right.
enum SectionExample {
  /// The file with what it needs beside it.
  static let sources = Sources(
    environment: ["ACME_KEY": "hunter2", "OPENROUTER_API_KEY": "k"], files: ["weir.yaml": text], config: "weir.yaml")

  static let text = """
    models:
      catalog:
        - id: acme/swift-1
          aliases: [swift, "swift-*"]
          spellings: [acme-swift]
          name: Swift One
          provider: acme
          category: reasoning
          description: "A model: small, quick"
          badge: NEW
          cost_info: 3x cheaper
          context_window: 200000
          prices: {input: 0.5, output: 2, cached_input: 0.05, reasoning: 3}
          capabilities: [coding, tool_use]
          defaults: {temperature: 0.60, max_tokens: 4096, stop: ["a", b], provider: {sort: price, only: ~}}
          parameters:
            - {fill: seed, value: 7}
            - {rename: max_tokens, to: max_completion_tokens, endpoints: [chat]}
            - {scale: temperature, by: 0.6, endpoints: messages}
            - {clamp: presence_penalty, min: -1, max: 1.5}
            - {drop: top_k}
            - preset: kimi_anthropic_temperature
          fixed_temperature: true
          system_prompt: |
            Be brief.
          kimi: false
          upstreams: [acme, default]
          fallbacks: [gpt-4o, kimi-k2]
          retry: {retries: 1, first_delay: 0.1, longest_delay: 2}
        - id: moonshotai/kimi-k2
          system_prompt: {example: tool_use}
      allow: [gpt-4*, acme/*, moonshotai/*]
      deny: [gpt-4-turbo-preview]
      routes:
        enabled: true
        candidates: [swift, kimi-k2]
        tasks:
          refactor: [coding, tool_use]
        by_length: true
    rollouts:
      - name: swift
        from: [gpt-4, o3]
        variants:
          - {name: a, model: acme/swift-1, percent: 12.5, room: 50}
          - {name: b, model: kimi-k2, percent: 7.25, enabled: false}
        pins:
          a: [alice, "user 7"]
          incumbent: [bob]
        enabled: false
        allow_override: true
    # The clients come last.
    upstreams:
      default:
        headers: {X-Team: search}
        retry: {retries: 5}
      acme:
        url: http://127.0.0.1:9000/v1
        api_key_env: ACME_KEY
        stream_usage: as_is
        headers: {X-Tenant: hunter5}
        models: {swift: swift-1}
        timeouts: {connect: 1, first_byte: 30, idle: 10, total: 90}
        retry: {longest_delay: 1}
      moonshot: {api_key: hunter6,
        pass_client_key: false}
    limits:
      rates:
        - {name: chat, requests_per_minute: 60, burst: 10, per: [client, user], models: ["openai/*"]}
        - {tokens_per_minute: 100000, per: [], clients: [app]}
      concurrency:
        - {name: slots, maximum: 8, per: [model]}
      max_keys: 5000
      output_cap: 2048
    budgets:
      - {name: app, period: day, usd: 2.5, clients: [app]}
      - {period: month, tokens: 1000000, total: true, hard: false}
    cache:
      ttl: 60
      max_entry_bytes: 1MiB
      compress_from: 4096
      max_temperature: 0.5
      endpoints: [chat/completions, embeddings]
      models:
        - {pattern: "openai/gpt-4*", ttl: 0}
      shared_tenants: [[app, batch]]
      coalesce: false
    resilience:
      retry: {retries: 3, first_delay: 0.5, longest_delay: 4}
      retry_share: 0.1
      retry_window: 20
      retry_floor: 5
      circuit:
        enabled: true
        consecutive_failures: 7
        failure_rate: 0.25
        minimum_requests: 50
        window: 60
        open_time: 15
        closing_successes: 2
        slow_call: 20
    screening:
      rules:
        - {name: keys, builtin: secrets, action: block}
        - name: plans
          pattern: ' Overlord '
          action: redact
          in: [user, tool]
          placeholder: (plan)
          clients: [app]
          models: ["openai/*"]
      tokens:
        - {max_input_tokens: 1000, max_output_tokens: 500, over: cap, absent: cap, clients: [batch]}
        - {max_output_tokens: 4000, models: ["openai/*"]}
      tools:
        - {allow: ["get_*"], deny: [get_secret], requests: strip, replies: refuse, history: refuse, clients: [app]}
        - {deny: [web_search], models: ["openai/*"]}
      unread: refuse
    pricing:
      baseline: {input: 2.5, output: 10, cached_input: 1.25, reasoning: 10}
      refresh: 600
    clients:
      app:
        key_hash: \(hash("app23456", "a"))
      batch:
        key_hashes:
          - \(hash("batch222", "b"))
          - \(hash("batch333", "c"))
      desk:
        key_hash: \(hash("desk2345", "d"))
        expires: 2099-01-31
        disabled: false
        models: [gpt-4*, swift]
        endpoints: [chat, models]
        tenant: office
        passes_upstream_key: true
        requests_per_minute: 30
        tokens_per_minute: 40000
        concurrency: 3
        budget_usd_day: 1.5
        budget_usd_month: 20
        max_input_tokens: 8000
        max_output_tokens: 1000
        tools: {allow: [read_*], deny: [read_mail], replies: strip}
    version: 1
    ledger:
      bodies: true
      max_age_days: 90
      redact: ['sk-[A-Za-z0-9]{8,64}']

    """

  private static func hash(_ id: String, _ digit: String) -> String {
    "v1:\(id):\(String(repeating: digit, count: 32)):\(String(repeating: digit, count: 64))"
  }
}
