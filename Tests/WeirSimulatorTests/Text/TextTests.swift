import Testing

@testable import WeirSimulator

@Suite("Text")
struct TextTests {
  @Test(
    "a token is a word with the white space after it",
    arguments: [
      ("", []), ("a", ["a"]), ("a b", ["a ", "b"]), ("  a \n b ", ["  a \n ", "b "]), (" ", [" "]),
      ("a\r\nb\t", ["a\r\n", "b\t"]), ("é 😀", ["é ", "😀"]),
    ])
  func words(text: String, expected: [String]) {
    #expect(WeirSimulator.words(of: text).map(String.init) == expected)
  }

  @Test("prompt tokens are a quarter of the bytes, rounded up, at least one")
  func prompt() {
    #expect([0, 1, 4, 5, 8, 9].map { promptTokens(bytes: $0) } == [1, 1, 1, 2, 2, 3])
  }

  @Test("base64 as RFC 4648, section 10 gives it")
  func base64Vectors() {
    let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map { base64(Array($0.utf8)) }
    #expect(encoded == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"])
    #expect(base64([0xFB, 0xFF, 0xBF]) == "+/+/")
  }

  @Test("dates, leap days included")
  func dates() {
    #expect(timestamp(milliseconds: 0) == "1970-01-01T00:00:00.000Z")
    #expect(timestamp(milliseconds: 1_709_210_096_789) == "2024-02-29T12:34:56.789Z")
    #expect(timestamp(milliseconds: 4_107_542_400_000) == "2100-03-01T00:00:00.000Z")
  }

  @Test("gzip of `hello` byte for byte, with the checksum zlib computes")
  func gzip() {
    let expected: [UInt8] =
      Gzip.header + [0, 5, 0, 0xFA, 0xFF] + Array("hello".utf8) + [1, 0, 0, 0xFF, 0xFF]
      + [0x86, 0xA6, 0x10, 0x36, 5, 0, 0, 0]
    #expect(Gzip.whole(Array("hello".utf8)) == expected)
  }

  @Test("gzip cuts what is longer than a block holds")
  func gzipBlocks() {
    var gzip = Gzip()
    #expect(gzip.blocks(of: Array(repeating: UInt8(1), count: 65_536)).count == 65_536 + 10)
  }

  @Test("percent-decoding leaves malformed escapes alone")
  func percent() {
    #expect(percentDecoded("a%2Fb%2") == "a/b%2")
    #expect(percentDecoded("%zz%41") == "%zzA")
  }
}
