extension SectionKeys {
  static let cache = cacheKeys + cacheModels

  static let cacheKeys = [
    SectionKey(.cache, "max_entry_bytes", "bytes", "A larger reply is not kept; by default, 4194304"),
    SectionKey(
      .cache, "compress_from", "bytes",
      "Replies from this size on are held compressed; 0 compresses none; by default, 16384"),
    SectionKey(
      .cache, "max_temperature", "number", "Requests with a higher temperature are not kept; by default, all are"),
    SectionKey(
      .cache, "endpoints", "names",
      "The APIs whose replies are kept: `chat/completions`, `completions`, `responses`, `messages`, `embeddings`; by "
        + "default, all"),
    SectionKey(.cache, "models", "list", "How long replies of some models are kept; the first that fits counts"),
    SectionKey(
      .cache, "shared_tenants", "list",
      "Lists of clients that share kept replies with each other; by default, each client has its own"),
    SectionKey(
      .cache, "coalesce", "`true` or `false`",
      "Whether identical requests that are in flight at the same time become one; by default, `true`"),
  ]

  private static let cacheModels = [
    SectionKey(
      .cacheModel, "pattern", "pattern", required: true,
      "The models, by the name that goes upstream, `*` for any characters"),
    SectionKey(.cacheModel, "ttl", "whole seconds", required: true, "How long their replies are kept; 0 keeps none"),
  ]
}
