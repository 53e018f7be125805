import CWeirCurl

/// Owns one libcurl easy handle: makes it, sets it up once, frees it. Lives on one event loop.
///
/// What differs between requests is set by `CurlTransfer`; what never differs is set here.
@safe struct EasyHandle: ~Copyable {
  let pointer: UnsafeMutableRawPointer
  /// Outlives the handle, which refers to it.
  private let sessions: SessionStore

  /// Null when libcurl has no memory left.
  init?(_ settings: EngineSettings, sessions: SessionStore) {
    guard let pointer = unsafe curl_easy_init() else { return nil }
    unsafe self.pointer = pointer
    self.sessions = sessions
    unsafe weir_easy_set_pointer(pointer, CURLOPT_SHARE, sessions.pointer)
    setUp(settings)
  }

  deinit { unsafe curl_easy_cleanup(pointer) }

  private func setUp(_ settings: EngineSettings) {
    let easy = unsafe pointer
    unsafe weir_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    // With HTTP/2 libcurl 7.88 writes to handles that are gone (`on_stream_close`) once an upstream has refused or reset
    // enough streams, and ends the process so.
    unsafe weir_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    unsafe weir_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    unsafe weir_easy_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
    unsafe weir_easy_set_long(easy, CURLOPT_HTTP_CONTENT_DECODING, 0)
    unsafe weir_easy_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    unsafe weir_easy_set_long(easy, CURLOPT_TCP_NODELAY, 1)
    // A transfer that is given up while its name is looked up must not make the loop wait for the look-up's thread.
    unsafe weir_easy_set_long(easy, CURLOPT_QUICK_EXIT, 1)
    unsafe weir_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    // A path such as /v1/a/../b is refused at the front; what is let through goes out letter for letter.
    unsafe weir_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
    if let file = settings.certificateAuthorityFile { unsafe weir_easy_set_string(easy, CURLOPT_CAINFO, file) }
    if !settings.honoursProxies { unsafe weir_easy_set_string(easy, CURLOPT_NOPROXY, "*") }
  }
}
