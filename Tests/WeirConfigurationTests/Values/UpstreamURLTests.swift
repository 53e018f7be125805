import Testing

@testable import WeirConfiguration

@Suite("Upstream URLs")
struct UpstreamURLTests {
  @Test(
    "are taken apart and spelled without surplus",
    arguments: [
      ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", 443),
      ("https://openrouter.ai/api/v1///", "https://openrouter.ai/api/v1", 443),
      ("HTTPS://openrouter.ai:443", "https://openrouter.ai", 443),
      ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", 8080),
      ("http://[::1]:11434/v1", "http://[::1]:11434/v1", 11_434),
      ("http://vllm_1:80/v1", "http://vllm_1/v1", 80),
      ("https://a/b%20c/d:e@f", "https://a/b%20c/d:e@f", 443),
    ])
  func accepted(text: String, spelled: String, port: Int) throws {
    let url = try ValueParsers.upstreamURL(text)
    #expect(url.description == spelled)
    #expect(url.port == port)
  }

  @Test(
    "are refused when requests could not be appended to them",
    arguments: [
      "openrouter.ai/api/v1", "ftp://a", "https://", "https:///v1", "https://a?x=1", "https://a/v1#f",
      "https://a:0/",
      "https://a:99999", "https://a:/", "https://a b/", "https://a/\u{7F}", "https://münchen.de",
      "https://a/../b", "https://a/./b",
      "https://a/v1/chat/completions", "https://[::1", "https://::1/", "https://a/<b>", "https://1.2.3.4.5",
    ])
  func refused(text: String) {
    #expect(throws: ValueProblem.self) { try ValueParsers.upstreamURL(text) }
  }

  @Test("are refused with a user or a password, which the message does not repeat")
  func userinfo() {
    for text in [
      "https://me:hunter2@a/v1", "https://hunter2@a", "https://hunter2:@[::1]:1/", "hunter2://a",
      "https://a?hunter2",
    ] {
      let problem = #expect(throws: ValueProblem.self) { try ValueParsers.upstreamURL(text) }
      #expect(problem?.what.contains("hunter2") == false)
      #expect(problem?.fix.contains("hunter2") == false)
    }
  }

  @Test(
    "with a user or a password are told to hold one", arguments: ["https://me:pw@a/v1", "http://me@[::1]:1"])
  func namedUserinfo(text: String) {
    let problem = #expect(throws: ValueProblem.self) { try ValueParsers.upstreamURL(text) }
    #expect(problem?.what == "the URL holds a user name or password")
  }

  @Test("of a site may have a path and a query, and neither a user nor a fragment")
  func site() throws {
    #expect(try ValueParsers.siteURL("https://a.example/b?c=d") == "https://a.example/b?c=d")
    for text in ["a.example", "https://", "https://u@a", "https://a#b", "https://a\r\nX: y", "https://a b"] {
      #expect(throws: ValueProblem.self) { try ValueParsers.siteURL(text) }
    }
  }
}
