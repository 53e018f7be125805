import CWeirCurl
import NIOCore

/// A transfer over a libcurl easy handle: for upstreams behind a proxy.
///
/// It serves one request. libcurl 7.88 keeps a pointer to the last field of a handle's last reply, which it frees, and
/// writes there where the handle's next reply begins with a folded line (`Curl_headers_push`): any upstream could end the
/// process so.
final class CurlTransfer: Transfer, Indexed {
  let headers = HeaderList(.libcurl)

  /// Strong, since it is used for every part of a reply and an unowned reference costs more; the engine lets go of its
  /// transfers when it shuts down.
  let engine: UpstreamEngine
  let handle: EasyHandle
  var receiver: (any TransferReceiver)?
  var collector: ResponseHeadCollector
  var clock: PhaseClock
  /// What a callback decided, where libcurl itself only learns "stop".
  var abort: TransferFailure?
  var pending = PendingBody()
  /// The transfer's place in the engine's list of live ones.
  var listIndex: Int?
  var isTouched = false
  private(set) var isCancelled = false
  private var storage: ByteBuffer?
  private var parts: [ByteBuffer] = []
  private var isHeld = false
  private var awaitsBody = false
  /// libcurl reads it until the end.
  private var address: ParsedAddress?

  init?(engine: UpstreamEngine) {
    guard let handle = EasyHandle(engine.settings, sessions: engine.sessions) else { return nil }
    self.handle = handle
    self.engine = engine
    collector = ResponseHeadCollector(allocator: engine.allocator)
    clock = PhaseClock(timeouts: PhaseTimeouts(connect: 1, firstByte: 1, idle: 1, total: 1), now: 0)
  }

  func begin(
    method: String, url: String, body: RequestBody, timeouts: PhaseTimeouts, expectsStream: Bool,
    receiver: any TransferReceiver
  ) {
    engine.eventLoop.preconditionInEventLoop()
    self.receiver = receiver
    collector = ResponseHeadCollector(allocator: engine.allocator)
    clock = PhaseClock(timeouts: timeouts, now: engine.now())
    setUp(method: method, body: method == "HEAD" ? .none : body)
    let easy = unsafe handle.pointer
    setAddress(url)
    // libcurl holds as much memory until the reply's end. TLS has records that are larger.
    if expectsStream, !url.hasPrefix("https:") { unsafe weir_easy_set_long(easy, CURLOPT_BUFFERSIZE, Self.streamRead) }
    unsafe weir_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headers.seal())
    unsafe weir_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(max(timeouts.connect / 1_000_000, 1)))
    engine.add(self, sweepInterval: timeouts.sweepInterval)
  }

  private func setAddress(_ url: String) {
    address = engine.addresses.parsed(url)
    let easy = unsafe handle.pointer
    unsafe weir_easy_set_pointer(easy, CURLOPT_CURLU, address.map { unsafe UnsafeRawPointer($0.pointer) })
    unsafe weir_easy_set_string(easy, CURLOPT_URL, url)
  }

  func cancel() {
    guard listIndex != nil, !isCancelled else { return }
    isCancelled = true
    receiver = nil
    engine.cancelled(self)
  }

  func hold() {
    guard listIndex != nil, !isHeld else { return }
    isHeld = true
    clock.held(true, now: engine.batchTime)
    applyPause()
  }

  func release() {
    guard listIndex != nil, isHeld else { return }
    isHeld = false
    clock.held(false, now: engine.now())
    engine.resume(self)
  }

  func send(_ part: ByteBuffer) {
    pending.append(part)
    wakeUpload()
  }

  func finishBody() {
    pending.finish()
    wakeUpload()
  }

  var pendingBytes: Int { pending.count }

  func letGoOfRequest() {
    guard listIndex != nil else { return }
    let easy = unsafe handle.pointer
    unsafe weir_easy_set_pointer(easy, CURLOPT_HTTPHEADER, nil)
    headers.letGo()
    let count = storage?.readableBytes ?? parts.reduce(0) { $0 + $1.readableBytes }
    guard count > 0 else { return }
    var sent: curl_off_t = 0
    _ = unsafe weir_easy_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
    // An upstream may answer before it has read everything.
    guard sent >= count else { return }
    storage = nil
    parts = []
    // Set again, it makes libcurl free the buffer through which a large body went.
    guard count > Self.smallUpload else { return }
    unsafe weir_easy_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, Self.smallUpload)
  }

  /// libcurl's own sizes.
  private static let smallUpload = 64 * 1024
  /// For a body that is larger.
  private static let largeUpload = 256 * 1024
  /// Some events; libcurl allocates a byte more.
  private static let streamRead = 1279

  private func wakeUpload() {
    guard awaitsBody, listIndex != nil else { return }
    awaitsBody = false
    engine.resume(self)
  }

  /// Tells libcurl which directions rest. Calls back into the receiver when held bytes are let go.
  func applyPause() {
    let mask = (isHeld ? CURLPAUSE_RECV : CURLPAUSE_CONT) | (awaitsBody ? CURLPAUSE_SEND : CURLPAUSE_CONT)
    unsafe curl_easy_pause(handle.pointer, mask)
  }

  private func setUp(method: String, body: RequestBody) {
    let ordinary =
      switch body {
      case .none: method == "GET"
      case .whole, .parts: method == "POST"
      case .streaming: false
      }
    setUpCallbacks()
    setUpKind(method: method, body: body, isOrdinary: ordinary)
    let easy = unsafe handle.pointer
    switch body {
    case .none: break
    case .whole(let bytes):
      storage = bytes
      unsafe weir_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, bytes.readableBytes)
      setUploadBuffer(for: bytes.readableBytes)
      // `storage` keeps the bytes where they are until the transfer has ended.
      _ = unsafe bytes.withUnsafeReadableBytes { region in
        if let start = region.baseAddress {
          unsafe weir_easy_set_pointer(easy, CURLOPT_POSTFIELDS, start)
        } else {
          unsafe weir_easy_set_pointer(easy, CURLOPT_POSTFIELDS, weir_no_bytes())
        }
      }
    case .parts(let parts):
      self.parts = parts
      pending = PendingBody(parts)
      unsafe weir_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, pending.count)
      setUploadBuffer(for: pending.count)
    case .streaming(let length):
      unsafe weir_easy_set_offset(easy, CURLOPT_INFILESIZE_LARGE, Int(length ?? -1))
      if length == nil { headers.add("Transfer-Encoding", "chunked") }
    }
  }

  /// A large body leaves in few large steps. libcurl makes the buffer when a request needs one, and frees it with its end.
  private func setUploadBuffer(for count: Int) {
    guard count > Self.smallUpload else { return }
    unsafe weir_easy_set_long(handle.pointer, CURLOPT_UPLOAD_BUFFERSIZE, Self.largeUpload)
  }

  private func setUpKind(method: String, body: RequestBody, isOrdinary: Bool) {
    let easy = unsafe handle.pointer
    var isHead = false
    switch body {
    case .none:
      isHead = method == "HEAD"
      unsafe weir_easy_set_long(easy, isHead ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1)
    case .whole, .parts:
      unsafe weir_easy_set_long(easy, CURLOPT_POST, 1)
    case .streaming:
      unsafe weir_easy_set_long(easy, CURLOPT_UPLOAD, 1)
      // A body that went by cannot be sent again, so it must not meet a connection that the upstream has given up.
      unsafe weir_easy_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
    }
    if !isOrdinary, !isHead {
      unsafe weir_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, method)
    }
  }

  /// Moves body bytes into libcurl's upload buffer; nil means wait.
  func fillUpload(_ room: UnsafeMutableRawBufferPointer) -> Int? {
    let filled = unsafe pending.fill(room)
    if filled > 0 {
      clock.activity(now: engine.batchTime)
      receiver?.transferNeedsBody()
      return filled
    }
    if pending.isFinished { return 0 }
    awaitsBody = true
    receiver?.transferNeedsBody()
    return nil
  }

  /// Readies the body to be sent once more, over another connection; false where its bytes went by.
  func rewindUpload() -> Bool {
    guard !parts.isEmpty else { return false }
    pending = PendingBody(parts)
    return true
  }

  /// An upstream that refuses early wants no more of the body, which libcurl overlooks while the upload rests.
  func stopUploadAfterRefusal() {
    guard awaitsBody, collector.head.status >= 300 else { return }
    awaitsBody = false
    engine.resume(self)
  }

  /// The transfer is over: whoever still has the object holds no more than that.
  func rest() {
    receiver = nil
    storage = nil
    parts = []
    pending = PendingBody()
    isTouched = false
    headers.letGo()
  }
}
