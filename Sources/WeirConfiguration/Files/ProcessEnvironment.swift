#if canImport(Darwin)
  @unsafe @preconcurrency import Darwin
#elseif canImport(Musl)
  @unsafe @preconcurrency import Musl
#else
  @unsafe @preconcurrency import Glibc
#endif

/// The process's environment. Nothing else in weir reads it: what a process does is decided by its
/// configuration, and that is made from this one copy.
public enum ProcessEnvironment {
  /// Every variable, a copy. Call it where no other thread changes the environment; weir never does.
  ///
  /// Bytes that are not UTF-8 are repaired. Of a name that occurs twice, the first value counts, as for
  /// `getenv`.
  public static func all() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let pair = unsafe String(cString: text)
      if let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
        let name = String(pair[..<equals])
        if variables[name] == nil { variables[name] = String(pair[pair.utf8.index(after: equals)...]) }
      }
      unsafe entry = unsafe entry.advanced(by: 1)
    }
    return variables
  }

  /// Whether the environment names a forward proxy, in a variable that libcurl reads (curl(1), "ENVIRONMENT"; in capitals
  /// it reads no `HTTP_PROXY`, which a CGI server makes of a request's header). Where it names none, there is nothing to
  /// look for at each request.
  public static func namesProxies(_ variables: [String: String] = all()) -> Bool {
    names(["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], variables)
  }

  /// The same for `http://` alone. That `NO_PROXY` makes exceptions does not matter here: those are libcurl's to read.
  public static func namesProxiesForCleartext(_ variables: [String: String] = all()) -> Bool {
    names(["http_proxy", "all_proxy", "ALL_PROXY"], variables)
  }

  /// The same for `https://` alone.
  public static func namesProxiesForTLS(_ variables: [String: String] = all()) -> Bool {
    names(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], variables)
  }

  private static func names(_ proxies: [String], _ variables: [String: String]) -> Bool {
    proxies.contains { variables[$0]?.isEmpty == false }
  }
}
