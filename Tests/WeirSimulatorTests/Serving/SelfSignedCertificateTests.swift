import Testing

@testable import WeirSimulator

@Suite("The simulator's certificate")
struct SelfSignedCertificateTests {
  @Test("is one that a TLS server takes, with its key")
  func taken() {
    #expect(throws: Never.self) { _ = try SelfSignedCertificate().serverConfiguration() }
  }

  @Test("is written in the form that others read")
  func form() throws {
    let lines = try SelfSignedCertificate().pem.split(separator: "\n")
    #expect(lines.first == "-----BEGIN CERTIFICATE-----")
    #expect(lines.last == "-----END CERTIFICATE-----")
    #expect(lines.dropFirst().dropLast().allSatisfy { (1...64).contains($0.utf8.count) })
  }
}
