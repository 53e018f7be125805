import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Built-in content")
struct BuiltInContentTests {
  /// What the upstream would see of a text, matches as `#`.
  private func redacted(_ content: BuiltInContent, _ text: String) throws -> String {
    let rule = ContentRule(name: "r", content: .builtIn(content), action: .redact, placeholder: "#")
    let body = try Screened(#"{"model":"m","messages":\#(JSONText.quoted(text))}"#, rules: [rule]).body
    let value = body.dropFirst(#"{"model":"m","messages":"#.count).dropLast()
    return try #require(JSONText.string(String(value)))
  }

  @Test(
    "finds secrets",
    arguments: [
      "AKIAIOSFODNN7EXAMPLE", "ghp_" + String(repeating: "a1", count: 18),
      "github_pat_" + String(repeating: "a", count: 30),
      "xoxb-" + "1234567890-abc", "AIza" + String(repeating: "b", count: 35), "sk-proj-abcdefghijklmnopqrstu",
      "sk-or-v1-" + String(repeating: "0f", count: 32), "sk-ant-api03-" + String(repeating: "aB3_", count: 20),
      "sk-" + String(repeating: "aB3d", count: 12), "sk_live_" + String(repeating: "a", count: 24),
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\nMIIE", "hf_" + String(repeating: "a", count: 34),
      "weir-abcdefgh-" + String(repeating: "A", count: 43),
    ])
  func secrets(secret: String) throws {
    #expect(try redacted(.secrets, "key: \(secret)") == "key: #")
    #expect(try redacted(.secrets, "(\(secret)) x") == "(#) x" || secret.hasSuffix("MIIE"))
  }

  @Test("finds the secret half of an AWS key where it is named")
  func awsSecret() throws {
    let text = "aws_secret_access_key = \(String(repeating: "a/", count: 20))"
    #expect(try redacted(.secrets, text) == "#")
    #expect(try redacted(.secrets, "postgres://u:hunter2@db/x") == "#db/x")
  }

  @Test(
    "leaves alone what only looks like a secret",
    arguments: [
      "sk-loading-spinner-large-primary-button", "task-list", "sk-short", "AKIA", "eyJ.eyJ.x",
      "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "ghp_short", "the key is under the mat",
    ])
  func noSecrets(text: String) throws { #expect(try redacted(.secrets, text) == text) }

  @Test(
    "finds cards by network, length and check digit",
    arguments: [
      ("4111111111111111", "#"), ("4111 1111 1111 1111", "#"), ("5555-5555-5555-4444", "#"), ("3782 822463 10005", "#"),
      ("card_4111111111111111.", "card_#."), ("2024 4111 1111 1111 1111 12", "2024 # 12"), ("4222222222222", "#"),
      ("4111111111111112", "4111111111111112"), ("1234567812345670", "1234567812345670"),
      ("a4111111111111111", "a4111111111111111"), ("41111111111111111111111", "41111111111111111111111"),
      ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ])
  func cards(text: String, expected: String) throws { #expect(try redacted(.card, text) == expected) }

  @Test("finds a card at the end of very many digits")
  func cardAmongDigits() throws {
    let digits = String(repeating: "1234 ", count: 20_000)
    #expect(try redacted(.card, digits + "4111 1111 1111 1111") == digits + "#")
  }

  @Test(
    "finds e-mail addresses",
    arguments: [
      ("to bob@example.com.", "to #."), ("<a.b+c@x-y.co.uk>", "<#>"), ("mailto:a@b.io?x", "mailto:#?x"),
      ("jörg@müller.de", "#"), ("联系bob@x.cn吧", "联系#吧"), ("ivan@почта.рф", "#"), ("a@xn--p1ai.xn--p1ai", "#"),
      ("@bob", "@bob"), ("a@b", "a@b"), ("logo@2x.png", "logo@2x.png"), ("pkg@1.2.3", "pkg@1.2.3"),
    ])
  func emails(text: String, expected: String) throws { #expect(try redacted(.email, text) == expected) }

  @Test(
    "finds telephone numbers",
    arguments: [
      ("+49 30 1234567", "#"), ("0049-30-1234567", "#"), ("+1 (212) 555-0123", "#"), ("(212) 555-0123", "#"),
      ("212-555-0123", "#"), ("tel:+4930123456", "#"), ("call +442071838750 now", "call # now"),
      ("1+1234567890", "1+1234567890"), ("12-34", "12-34"), ("2024-01-15 10:00", "2024-01-15 10:00"), ("+1", "+1"),
    ])
  func phones(text: String, expected: String) throws { #expect(try redacted(.phone, text) == expected) }

  @Test(
    "finds bank accounts by country and remainder",
    arguments: [
      ("DE89370400440532013000", "#"), ("DE89 3704 0044 0532 0130 00", "#"), ("gb29 nwbk 6016 1331 9268 19", "#"),
      ("pay DE89370400440532013000 and go", "pay # and go"), ("FR14 2004 1010 0505 0001 3M02 606", "#"),
      ("XX12 NO15 DE89 3704 0044 0532 0130 00", "XX12 NO15 #"),
      ("DE88370400440532013000", "DE88370400440532013000"), ("AB12CDEFGHIJKLMNOP", "AB12CDEFGHIJKLMNOP"),
    ])
  func ibans(text: String, expected: String) throws { #expect(try redacted(.iban, text) == expected) }

  @Test(
    "finds national numbers with their check digits",
    arguments: [
      "123-45-6789", "AB 12 34 56 C", "86095742719", "86 095 742 719", "1 84 12 76 451 089 46", "2 69 05 49 588 157 80",
      "12345678Z", "X1234567L", "RSSMRA85T10A562S", "44051401359", "2341 2341 2346", "11010519491231002X",
      "529.982.247-25", "130 692 544",
    ])
  func nationalIDs(number: String) throws {
    #expect(try redacted(.nationalID, "no: \(number)") == "no: #")
  }

  @Test(
    "leaves numbers alone whose check digits do not hold",
    arguments: [
      "000-45-6789", "666-45-6789", "BG123456C", "86095742718", "1 84 12 76 451 089 47", "12345678A", "X1234567A",
      "RSSMRA85T10A562T", "44051401358", "2341 2341 2347", "110105194912310021", "529.982.247-26", "1123-45-67890",
    ])
  func noNationalIDs(number: String) throws { #expect(try redacted(.nationalID, number) == number) }
}
