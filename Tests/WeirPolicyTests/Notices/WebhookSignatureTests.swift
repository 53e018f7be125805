import Testing

@testable import WeirPolicy

@Suite("A webhook's signature")
struct WebhookSignatureTests {
  /// Made with Python's hmac.
  @Test("is the HMAC of time and body")
  func value() {
    let value = WebhookSignature.value(
      secret: Array("whsec".utf8).span, seconds: 1_795_246_224, body: Array(#"{"type":"anomaly"}"#.utf8))
    #expect(value == "t=1795246224,v1=4315cbc99a812cb9b1fef72c3615013c087831482505eec5e6a6eb8ef03a6f83")
  }
}
