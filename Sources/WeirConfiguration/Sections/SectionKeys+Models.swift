extension SectionKeys {
  static let models = [
    SectionKey(
      .models, "catalog", "list", "Models to add; one with the id of a built-in model changes that one"),
    SectionKey(
      .models, "allow", "patterns",
      "The models that clients may ask for, `*` for any characters; without the key, all"),
    SectionKey(.models, "deny", "patterns", "Models that clients may not ask for; goes before `allow`"),
    SectionKey(.models, "routes", "group", "How requests for the model `auto` find theirs"),
  ]

  static let catalogModel =
    [
      SectionKey(
        .catalogModel, "id", "model", required: true, "What the upstream calls it, without a suffix"),
      SectionKey(
        .catalogModel, "aliases", "names",
        "Names that are rewritten to the id; one that ends with `*` means all that begin so"),
      SectionKey(
        .catalogModel, "spellings", "names",
        "Names that mean this model and go upstream as the client wrote them"),
      SectionKey(.catalogModel, "name", "text", "What people call it; by default, the id"),
      SectionKey(.catalogModel, "provider", "text", "Who makes it"),
      SectionKey(.catalogModel, "category", "text", "The heading of a model picker; by default, `standard`"),
      SectionKey(.catalogModel, "description", "text", "One sentence for a model picker"),
      SectionKey(.catalogModel, "badge", "text", "A short mark for a model picker"),
      SectionKey(.catalogModel, "cost_info", "text", "What the price means, in words"),
      SectionKey(
        .catalogModel, "context_window", "integer", "The largest prompt and completion together, in tokens"),
      SectionKey(.catalogModel, "prices", "group", "US dollars per million tokens"),
      SectionKey(
        .catalogModel, "capabilities", "names",
        "Any of `reasoning`, `coding`, `analysis`, `tool_use`, `agentic`, `long_context`"),
      SectionKey(
        .catalogModel, "defaults", "group",
        "Parameters and their values, filled in where the request is silent; the rules of `parameters` then "
          + "apply to them as if the client had said so"),
      SectionKey(.catalogModel, "parameters", "list", "Rules for parameters, applied one after the other"),
      SectionKey(
        .catalogModel, "fixed_temperature", "`true` or `false`",
        "The model takes one temperature only, so `KIMI_K2_TEMPERATURE` is not filled in"),
      SectionKey(
        .catalogModel, "system_prompt", "text or group",
        "Added to the system prompt; without it, prompts stay"),
      SectionKey(
        .catalogModel, "upstreams", "names",
        "The upstreams that serve it, best first; by default, `default`, and `moonshot` after it for Kimi models"),
      SectionKey(
        .catalogModel, "fallbacks", "models",
        "The models that serve its requests where its upstreams fail, best first; by default, none, and for Kimi models "
          + "`KIMI_FALLBACK_MODEL`"),
      SectionKey(
        .catalogModel, "retry", "group", "How its requests are tried again; goes before what its upstream says"),
      SectionKey(
        .catalogModel, "kimi", "`true` or `false`",
        "Whether the kill switch and the Kimi settings mean it; by default, as the id says"),
      SectionKey(.systemPrompt, "example", "name", "A text that ships with weir: `tool_use`"),
    ] + prices(in: .prices) + retry(in: .modelRetry)

  static func prices(in group: SectionGroup) -> [SectionKey] {
    [
      SectionKey(group, "input", "number", required: true, "Prompt tokens"),
      SectionKey(group, "output", "number", required: true, "Completion tokens"),
      SectionKey(group, "cached_input", "number", "Prompt tokens read from a cache; by default, as `input`"),
      SectionKey(group, "reasoning", "number", "Reasoning tokens; by default, as `output`"),
    ]
  }

  static let rules = [
    SectionKey(.rule, "fill", "parameter", "Puts `value` in where the request is silent"),
    SectionKey(.rule, "value", "JSON value", "With `fill`: what to put in"),
    SectionKey(
      .rule, "rename", "parameter", "Calls a parameter `to`; where the request has both, that one stays"),
    SectionKey(.rule, "to", "parameter", "With `rename`: the other name"),
    SectionKey(.rule, "scale", "parameter", "Multiplies a number"),
    SectionKey(.rule, "by", "number", "With `scale`: the factor"),
    SectionKey(.rule, "clamp", "parameter", "Moves a number to the nearer of `min` and `max`"),
    SectionKey(.rule, "min", "number", "With `clamp`: the least value"),
    SectionKey(.rule, "max", "number", "With `clamp`: the greatest value"),
    SectionKey(.rule, "drop", "parameter", "Takes a parameter out, with a warning header"),
    SectionKey(
      .rule, "preset", "name",
      "Rules that ship with weir: `kimi_anthropic_temperature` (temperature × 0.6 on `/messages`), "
        + "`openai_reasoning` (`max_completion_tokens`, no sampling parameters)"),
    SectionKey(
      .rule, "endpoints", "names",
      "Where the rule applies: `chat`, `completions`, `responses`, `messages`, `embeddings`; "
        + "by default, all"),
  ]

  static let routes = [
    SectionKey(
      .routes, "enabled", "`true` or `false`",
      "Whether the model `auto` is routed; by default, `true`"),
    SectionKey(
      .routes, "candidates", "models",
      "What `auto` picks from, best first; by default, the Kimi model and then the catalog in its order"),
    SectionKey(
      .routes, "tasks", "group",
      "Tasks for the header `x-weir-task` and the capabilities that each asks for, beside the built-in "
        + "`autonomous_task`, `multi_step_workflow`, `tool_calling` and `long_context`"),
    SectionKey(
      .routes, "by_length", "`true` or `false`",
      "Whether a request that is too long for its model goes to a candidate that fits; by default, `false`"),
  ]
}
