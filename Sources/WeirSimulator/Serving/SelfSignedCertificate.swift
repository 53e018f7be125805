import Crypto
import NIOSSL
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A key and a certificate for localhost, 127.0.0.1 and ::1, made anew for each simulator and valid for a year.
/// Foundation is imported for the dates that swift-certificates asks for.
struct SelfSignedCertificate {
  private let key: P256.Signing.PrivateKey
  private let der: [UInt8]
  let pem: String

  init() throws {
    key = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(key.publicKey)
    let name = try DistinguishedName { CommonName("weir simulator") }
    let keyIdentifier = SubjectKeyIdentifier(hash: publicKey)
    let loopback6 = Array(repeating: UInt8(0), count: 15) + [1]
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: Date(timeIntervalSinceNow: -86_400),
      notValidAfter: Date(timeIntervalSinceNow: 365 * 86_400), issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames([
          .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
          .ipAddress(ASN1OctetString(contentBytes: loopback6[...])),
        ])
        keyIdentifier
        AuthorityKeyIdentifier(keyIdentifier: keyIdentifier.keyIdentifier)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    der = serializer.serializedBytes
    pem = try certificate.serializeAsPEM().pemString
  }

  func serverConfiguration() throws -> TLSConfiguration {
    let privateKey = try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
    let certificate = try NIOSSLCertificate(bytes: der, format: .der)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(certificate)], privateKey: .privateKey(privateKey))
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }
}
