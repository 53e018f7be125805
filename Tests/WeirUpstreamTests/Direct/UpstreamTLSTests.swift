import NIOCore
import NIOSSL
import Testing

@testable import WeirUpstream

@Suite("A TLS connection that does not come about")
struct UpstreamTLSTests {
  @Test(
    "is told in BoringSSL's words",
    arguments: [
      (
        "Error: 268435703 error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at /a/tls_record.cc:127",
        "wrong version number"
      ),
      ("error:10000438:SSL routines:OPENSSL_internal:TLSV1_ALERT_INTERNAL_ERROR", "tlsv1 alert internal error"),
      ("Error:  EOF during handshake", nil), ("", nil), ("a:b:127", nil),
    ])
  func reason(text: String, expected: String?) {
    #expect(TransferFailure.reason(in: text) == expected)
  }

  @Test(
    "is unreachable, and says who ended it",
    arguments: [
      (NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])), "the upstream closed it"),
      (.handshakeFailed(.sslError([])), "the handshake was not completed"),
      (.uncleanShutdown, "the upstream closed it"),
    ])
  func ended(error: NIOSSLError, words: String) {
    let failure = TransferFailure(securing: error)
    #expect(failure.kind == .unreachable && failure.reason == "the TLS connection failed (\(words))")
  }

  @Test("is unreachable where the authorities cannot be read")
  func authorities() {
    #expect {
      try UpstreamTLS.context(trusting: "/nowhere/authorities.pem")
    } throws: { error in
      let failure = error as? TransferFailure
      return failure?.kind == .unreachable && failure?.reason.contains("authorities cannot be read") == true
    }
  }
}
