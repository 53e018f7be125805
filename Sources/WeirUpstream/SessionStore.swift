import CWeirCurl

/// The TLS sessions that an engine's connections may resume, whichever easy handle made them: of its own, each handle
/// would have a cache that no other sees. Lives on one event loop, so libcurl needs no locks for it.
@safe final class SessionStore {
  let pointer: UnsafeMutableRawPointer

  /// Null when libcurl has no memory left.
  init?() {
    guard let pointer = unsafe curl_share_init() else { return nil }
    unsafe self.pointer = pointer
    guard unsafe weir_share_set_data(pointer, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK else { return nil }
  }

  deinit { unsafe curl_share_cleanup(pointer) }
}
