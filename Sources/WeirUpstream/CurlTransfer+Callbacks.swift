import CWeirCurl
import Glibc
import NIOCore

// libcurl's callbacks of one easy handle. They run inside calls that the engine makes on its event loop.
extension CurlTransfer {
  /// Points the handle's callbacks at this object, which outlives every transfer on the handle.
  func setUpCallbacks() {
    let easy = unsafe handle.pointer
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe weir_easy_set_pointer(easy, CURLOPT_PRIVATE, context)
    unsafe weir_easy_set_pointer(easy, CURLOPT_WRITEDATA, context)
    unsafe weir_easy_set_pointer(easy, CURLOPT_HEADERDATA, context)
    unsafe weir_easy_set_pointer(easy, CURLOPT_READDATA, context)
    unsafe weir_easy_set_seek_function(
      easy,
      { context, offset, origin in
        guard offset == 0, origin == SEEK_SET, let transfer = unsafe CurlTransfer.from(context) else {
          return CURL_SEEKFUNC_CANTSEEK
        }
        return transfer.rewindUpload() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
      }, context)
    // The poller outlives every connection: the engine closes them before it lets go of it.
    unsafe weir_easy_set_socket_life(
      easy,
      { context, socket, _ in
        guard let context = unsafe context else { return CURL_SOCKOPT_OK }
        unsafe Unmanaged<SocketPoller>.fromOpaque(context).takeUnretainedValue().opened(socket)
        return CURL_SOCKOPT_OK
      },
      { context, socket in
        guard let context = unsafe context else { return close(socket) }
        unsafe Unmanaged<SocketPoller>.fromOpaque(context).takeUnretainedValue().closed(socket)
        return close(socket)
      }, Unmanaged.passUnretained(engine.poller).toOpaque())
    unsafe weir_easy_set_data_function(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let transfer = unsafe CurlTransfer.from(context) else { return 0 }
      return unsafe transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    unsafe weir_easy_set_data_function(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let transfer = unsafe CurlTransfer.from(context) else { return 0 }
      return unsafe transfer.takeHeaderLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    unsafe weir_easy_set_data_function(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
      guard let transfer = unsafe CurlTransfer.from(context), !transfer.isCancelled else {
        return Int(CURL_READFUNC_ABORT)
      }
      let room = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
      return unsafe transfer.fillUpload(room) ?? Int(CURL_READFUNC_PAUSE)
    }
  }

  static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
  }

  /// Returns how many bytes were taken; fewer than given makes libcurl end the transfer.
  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !isCancelled, let receiver else { return 0 }
    clock.activity(now: engine.batchTime)
    engine.touch(self)
    unsafe receiver.transferReceivedBody(bytes)
    return isCancelled ? 0 : bytes.count
  }

  private func takeHeaderLine(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !isCancelled else { return 0 }
    clock.activity(now: engine.batchTime)
    switch unsafe collector.line(bytes) {
    case .more, .trailer: break
    case .head:
      clock.head(now: engine.batchTime)
      engine.touch(self)
      stopUploadAfterRefusal()
      receiver?.transferReceivedHead(collector.takeHead())
    case .refuse(let reason):
      abort = TransferFailure(kind: collector.isComplete ? .brokenReply : .protocolError, reason: reason)
      return 0
    }
    return isCancelled ? 0 : bytes.count
  }
}
