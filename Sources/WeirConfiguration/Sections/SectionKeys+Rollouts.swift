extension SectionKeys {
  static let rollouts = [
    SectionKey(
      .rollout, "name", "name", required: true, "Names the rollout in headers, metrics and commands"),
    SectionKey(
      .rollout, "from", "patterns", required: true,
      "The incumbent models, as clients name them; `*` for any characters"),
    SectionKey(
      .rollout, "variants", "list", required: true, "What users are moved to; the order decides on buckets"),
    SectionKey(
      .rollout, "pins", "group",
      "Users by variant who get it whatever their bucket; `incumbent` keeps them out"),
    SectionKey(
      .rollout, "enabled", "`true` or `false`", "`false` serves everybody the incumbent; by default, `true`"),
    SectionKey(
      .rollout, "allow_override", "`true` or `false`",
      "Whether clients may choose by `x-weir-variant`; by default, as `variant_override` says"),
    SectionKey(.variant, "name", "name", required: true, "What headers, metrics and reports call it"),
    SectionKey(.variant, "model", "model", required: true, "The model that its users get"),
    SectionKey(
      .variant, "percent", "percent", required: true, "Its share of all users, with up to two decimals"),
    SectionKey(
      .variant, "room", "percent",
      "Share up to which it grows without taking users of other variants; by default, an equal part"),
    SectionKey(
      .variant, "enabled", "`true` or `false`",
      "`false` serves its users the incumbent and keeps their buckets; by default, `true`"),
  ]
}
