extension Settings {
  static let moonshotKey = Setting(
    "MOONSHOT_API_KEY", yaml: "moonshot.api_key", .secret, secret: true,
    "Adds the upstream `moonshot`, which serves Kimi models where the upstream before it does not; models may name it. "
      + "There `moonshotai/` is left out of their ids, and what Moonshot retired (`kimi-k2`, `kimi-k2-0905`, "
      + "`kimi-k2-thinking`) is asked for as `kimi-k2.6`, unless `upstreams.moonshot.models` says otherwise")
  static let moonshotURL = Setting(
    "MOONSHOT_BASE_URL", yaml: "moonshot.base_url", .upstreamURL,
    default: UpstreamURL(scheme: .https, host: "api.moonshot.ai", port: 443, path: "/v1"),
    "Base URL of the upstream `moonshot`")

  static let moonshot = [moonshotKey.entry, moonshotURL.entry]
}
