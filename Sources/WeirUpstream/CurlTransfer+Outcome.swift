import CWeirCurl

extension CurlTransfer {
  /// Reads how the transfer ended while its handle still knows.
  func outcome(of result: CURLcode) -> TransferOutcome {
    var opened = 0
    var requestBytes = 0
    let easy = unsafe handle.pointer
    _ = unsafe weir_easy_get_long(easy, CURLINFO_NUM_CONNECTS, &opened)
    _ = unsafe weir_easy_get_long(easy, CURLINFO_REQUEST_SIZE, &requestBytes)
    let wasSent = requestBytes > 0
    let reused: Bool? = opened > 0 ? false : wasSent ? true : nil
    if let abort { return TransferOutcome(failure: abort, reusedConnection: reused) }
    guard result == CURLE_OK else {
      var headerBytes = 0
      _ = unsafe weir_easy_get_long(easy, CURLINFO_HEADER_SIZE, &headerBytes)
      var proxyStatus = 0
      _ = unsafe weir_easy_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &proxyStatus)
      if proxyStatus >= 300, !collector.isComplete {
        let failure = TransferFailure(
          kind: .unreachable, reason: "the proxy refused to connect to the upstream (status \(proxyStatus))")
        return TransferOutcome(failure: failure, reusedConnection: reused)
      }
      let failure = TransferFailure(
        code: result, headReceived: collector.isComplete, anyByteReceived: headerBytes > 0)
      return TransferOutcome(failure: failure, reusedConnection: reused)
    }
    guard collector.isComplete else {
      let failure = TransferFailure(kind: .protocolError, reason: "the reply has no final head")
      return TransferOutcome(failure: failure, reusedConnection: reused)
    }
    return TransferOutcome(failure: nil, reusedConnection: reused)
  }
}
