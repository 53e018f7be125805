import CWeirCurl
import Testing

@testable import WeirUpstream

@Suite("Addresses that libcurl has parsed")
struct ParsedAddressTests {
  @Test("are parsed once while they are among the last ones")
  func reuse() throws {
    var addresses = RecentAddresses()
    let first = try #require(addresses.parsed("http://127.0.0.1:9000/v1/chat/completions"))
    let other = try #require(addresses.parsed("http://127.0.0.1:9000/v1/embeddings"))
    #expect(first !== other)
    #expect(addresses.parsed("http://127.0.0.1:9000/v1/chat/completions") === first)
  }

  @Test("are bounded in number, and one that was let go is parsed again")
  func bound() throws {
    var addresses = RecentAddresses()
    let first = try #require(addresses.parsed("http://host/0"))
    for number in 1...16 { #expect(addresses.parsed("http://host/\(number)") != nil) }
    let again = try #require(addresses.parsed("http://host/0"))
    #expect(again !== first)
    #expect(again.text == first.text)
  }

  @Test(
    "keep path and query letter for letter",
    arguments: ["/a/../b", "/a%2Fb//c", "/a?x=%7E&y=a b".replacing(" ", with: "+"), "/ü?ö=ä"])
  func letters(rest: String) throws {
    var addresses = RecentAddresses()
    let address = try #require(addresses.parsed("https://host:8443" + rest))
    var text: UnsafeMutablePointer<CChar>?
    #expect(unsafe curl_url_get(address.pointer, CURLUPART_URL, &text, 0) == CURLUE_OK)
    #expect(unsafe text.map { unsafe String(cString: $0) } == "https://host:8443" + rest)
    unsafe curl_free(text)
  }

  @Test(
    "are left to libcurl itself where they are long, no URL, or have a literal IPv6 host",
    arguments: ["http://host/" + String(repeating: "a", count: 512), "http://", "http://[::1]:80/v1"])
  func left(text: String) {
    var addresses = RecentAddresses()
    #expect(addresses.parsed(text) == nil)
  }
}
