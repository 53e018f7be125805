import CWeirCurl
import Testing

@testable import WeirUpstream

@Suite("Addresses that libcurl has parsed")
struct ParsedAddressTests {
  @Test("are parsed once while they are among the last ones")
  func reuse() {
    var addresses = RecentTexts<ParsedAddress>()
    let first = addresses.parsed("http://127.0.0.1:9000/v1/chat/completions")
    let other = addresses.parsed("http://127.0.0.1:9000/v1/embeddings")
    let again = addresses.parsed("http://127.0.0.1:9000/v1/chat/completions")
    #expect(first != nil && other != nil)
    #expect(first !== other)
    #expect(first === again)
  }

  @Test("are bounded in number, and one that was let go is parsed again")
  func bound() {
    var addresses = RecentTexts<ParsedAddress>()
    let texts = (0...16).map { "http://host/\($0)" }
    let parsed = texts.map { addresses.parsed($0) }
    #expect(parsed.map { $0?.text } == texts)
    let again = addresses.parsed("http://host/0")
    #expect(again !== parsed[0])
    #expect(again?.text == "http://host/0")
  }

  @Test(
    "keep path and query letter for letter",
    arguments: ["/a/../b", "/a%2Fb//c", "/a?x=%7E&y=a b".replacing(" ", with: "+"), "/ü?ö=ä"])
  func letters(rest: String) throws {
    let address = try #require(ParsedAddress("https://host:8443" + rest))
    var text: UnsafeMutablePointer<CChar>?
    #expect(unsafe curl_url_get(address.pointer, CURLUPART_URL, &text, 0) == CURLUE_OK)
    #expect(unsafe text.map { unsafe String(cString: $0) } == "https://host:8443" + rest)
    unsafe curl_free(text)
  }

  @Test(
    "are left to libcurl itself where they are long, no URL, or have a literal IPv6 host",
    arguments: ["http://host/" + String(repeating: "a", count: 512), "http://", "http://[::1]:80/v1"])
  func left(text: String) {
    var addresses = RecentTexts<ParsedAddress>()
    let parsed = addresses.parsed(text)
    #expect(parsed === nil)
  }
}
