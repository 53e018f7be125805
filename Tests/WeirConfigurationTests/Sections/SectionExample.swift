/// A file that says everything that sections can say, and is right.
enum SectionExample {
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
          upstreams: [acme]
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

    """
}
