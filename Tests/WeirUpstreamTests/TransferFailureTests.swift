import CWeirCurl
import Testing

@testable import WeirUpstream

@Suite("What libcurl says went wrong")
struct TransferFailureTests {
  private func kind(_ code: CURLcode, head: Bool = false, bytes: Bool = false) -> TransferFailure.Kind {
    TransferFailure(code: code, headReceived: head, anyByteReceived: head || bytes).kind
  }

  @Test(
    "before a connection stood is an upstream that cannot be reached",
    arguments: [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PEER_FAILED_VERIFICATION,
      CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_PROXY,
    ].map(\.rawValue))
  func unreachable(code: UInt32) {
    #expect(kind(CURLcode(rawValue: code)) == .unreachable)
  }

  @Test("about the connection's time is a connect time-out")
  func connectTimeout() {
    #expect(kind(CURLE_OPERATION_TIMEDOUT) == .connectTimeout)
  }

  @Test(
    "of weir's own making is not the upstream's fault",
    arguments: [CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_URL_MALFORMAT, CURLE_SEND_FAIL_REWIND].map(\.rawValue))
  func local(code: UInt32) {
    #expect(kind(CURLcode(rawValue: code)) == .local)
  }

  @Test(
    "of a connection that ended depends on how much of the reply had come",
    arguments: [CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM].map(\.rawValue))
  func ended(code: UInt32) {
    let code = CURLcode(rawValue: code)
    #expect(kind(code) == .closedBeforeReply)
    #expect(kind(code, bytes: true) == .protocolError)
    #expect(kind(code, head: true) == .brokenReply)
  }

  @Test("about a short body is a broken reply")
  func short() {
    #expect(kind(CURLE_PARTIAL_FILE, head: true) == .brokenReply)
  }

  @Test(
    "about the reply's form is a protocol error, and a broken reply once the head was there",
    arguments: [CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL].map(\.rawValue))
  func form(code: UInt32) {
    #expect(kind(CURLcode(rawValue: code)) == .protocolError)
    #expect(kind(CURLcode(rawValue: code), head: true) == .brokenReply)
  }

  @Test("is said in words, for every code there is")
  func words() {
    for code in UInt32(1)..<CURL_LAST.rawValue {
      let failure = TransferFailure(code: CURLcode(rawValue: code), headReceived: false, anyByteReceived: false)
      #expect(!failure.reason.isEmpty)
      #expect(!failure.reason.contains("\n"))
    }
  }
}
