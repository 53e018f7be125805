extension Settings {
  static let setCookie = Setting(
    "WEIR_SET_COOKIE", yaml: "hygiene.set_cookie", .choice, default: Configuration.Hygiene.Cookies.auto,
    "Whether `Set-Cookie` of upstreams reaches clients; `auto` drops it where clients have keys of their own")
  static let serverHeader = Setting(
    "WEIR_SERVER_HEADER", yaml: "hygiene.server", .choice, default: Configuration.Hygiene.Header.pass,
    "Whether `Server` of upstreams reaches clients")
  static let coreDumps = Setting(
    "WEIR_CORE_DUMPS", yaml: "hygiene.core_dumps", .boolean, default: true, reloadable: false,
    "`off` keeps the system from writing the process's memory, keys and prompts in it, to a file when it crashes, and "
      + "other processes of the same user from reading it")

  static let hygiene = [setCookie.entry, serverHeader.entry, coreDumps.entry]
}
