extension Settings {
  static let listen = Setting(
    "WEIR_LISTEN", yaml: "listen", .listenAddress, default: ListenAddress(host: "127.0.0.1", port: 8787),
    reloadable: false, "Where the LLM API is served; port 0 picks a free one")
  static let adminListen = Setting(
    "WEIR_ADMIN_LISTEN", yaml: "admin.listen", .listenAddress,
    default: ListenAddress(host: "127.0.0.1", port: 9787), reloadable: false,
    "Where metrics, health and control are served; port 0 picks a free one")
  static let adminToken = Setting(
    "WEIR_ADMIN_TOKEN", yaml: "admin.token", .secret, secret: true,
    "What a state-changing request to the admin listener must present as its bearer token")
  static let portFile = Setting(
    "WEIR_PORT_FILE", yaml: "port_file", .path, reloadable: false,
    "Where `{\"traffic\":N,\"admin\":N}` is written once both listen")
  static let insecure = Setting(
    "WEIR_INSECURE", yaml: "insecure", .boolean, default: false,
    "`true` accepts a traffic listener that other machines reach although no client keys are set, and an admin listener "
      + "without a token; `--insecure` goes before it")

  static let listeners = [
    listen.entry, adminListen.entry, adminToken.entry, portFile.entry, insecure.entry,
  ]

  static let apiKey = Setting(
    "OPENROUTER_API_KEY", aliases: ["KIMI_K2_API_KEY"], yaml: "upstream.api_key", .secret, secret: true,
    "Key sent upstream; without it, the client's own `Authorization` is passed on")
  static let upstreamURL = Setting(
    "WEIR_UPSTREAM_URL", aliases: ["KIMI_K2_BASE_URL"], yaml: "upstream.url", .upstreamURL,
    default: UpstreamURL(scheme: .https, host: "openrouter.ai", port: 443, path: "/api/v1"),
    "Base URL of the upstream; a request's path is appended to it")
  static let certificateAuthorityFile = Setting(
    "WEIR_CA_FILE", sharedNames: ["SSL_CERT_FILE", "CURL_CA_BUNDLE"], yaml: "upstream.ca_file", .path,
    reloadable: false,
    "PEM file of the certificate authorities that may vouch for upstreams and the shared store; without it, the "
      + "system's")
  static let siteURL = Setting(
    "OPENROUTER_SITE_URL", yaml: "upstream.site_url", .siteURL,
    "Sent as `HTTP-Referer` unless the client sent its own")
  static let siteName = Setting(
    "OPENROUTER_SITE_NAME", yaml: "upstream.site_name", .siteName,
    "Sent as `X-OpenRouter-Title` and `X-Title` unless the client sent its own")

  static let upstream = [
    apiKey.entry, upstreamURL.entry, certificateAuthorityFile.entry, siteURL.entry, siteName.entry,
  ]

  static let clientKeys = Setting(
    "WEIR_CLIENT_KEYS", yaml: nil, .clientKeys, default: [], secret: true,
    "Who may use this proxy, beside the section `clients`; none in both means anyone who reaches the listener. A key may "
      + "be a hash that `weir key` printed")
  static let clientsFile = Setting(
    "WEIR_CLIENTS_FILE", yaml: "clients.file", .path,
    "A YAML file of clients by name, as the section `clients` has them; read again when it changes")

  static let clients = [clientKeys.entry, clientsFile.entry]

  static let logLevel = Setting(
    "WEIR_LOG_LEVEL", yaml: "logging.level", .choice, default: LogLevel.info, reloadable: false,
    "The least severity that is logged")
  static let logFormat = Setting(
    "WEIR_LOG_FORMAT", yaml: "logging.format", .choice, default: LogFormat.json, reloadable: false,
    "One JSON object a line, or words for a terminal")

  static let logging = [logLevel.entry, logFormat.entry]

  static let configFile = Setting(
    "WEIR_CONFIG", yaml: nil, .path, reloadable: false, "The YAML file; `--config` goes before it")
  static let envFile = Setting(
    "WEIR_ENV_FILE", yaml: nil, .path, reloadable: false,
    "The env file, `.env` if there is one; `--env-file` goes before it")

  static let files = [configFile.entry, envFile.entry]
}
