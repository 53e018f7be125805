import Testing

@testable import WeirProxy

@Suite("The status page")
struct StatusPageTests {
  private func text(_ path: String) throws -> String {
    String(decoding: try #require(StatusPage.reply(path)).body, as: UTF8.self)
  }

  @Test("and its parts are found, each with its type and a policy that lets nothing else in")
  func parts() throws {
    let types = ["/": "text/html", "/assets/status.css": "text/css", "/assets/status.js": "text/javascript"]
    for path in StatusPage.paths {
      let reply = try #require(StatusPage.reply(path))
      #expect(reply.status == 200)
      #expect(reply.contentType.hasPrefix(try #require(types[path])))
      #expect(reply.fields.contains { $0 == ("content-security-policy", StatusPage.contentSecurityPolicy) })
    }
    #expect(StatusPage.reply("/assets/other.js") == nil)
    #expect(!StatusPage.contentSecurityPolicy.contains("unsafe"))
  }

  @Test("asks for nothing but its own parts, and has nothing inline that the policy would stop")
  func inline() throws {
    let page = try text("/")
    #expect(page.contains(#"<script src="/assets/status.js" defer></script>"#))
    #expect(page.components(of: "<script").count == 2)
    #expect(!page.contains("<style"))
    #expect(!page.contains(" style="))
    #expect(!page.contains(" onclick="))
    for path in StatusPage.paths {
      #expect(!(try text(path)).replacing("http://www.w3.org/2000/svg", with: "").contains("//www."))
      #expect(!(try text(path)).contains("https://"))
      #expect(!(try text(path)).contains("@import"))
    }
  }

  @Test("gives the script every element that it looks for")
  func elements() throws {
    let page = try text("/")
    let script = try text("/assets/status.js")
    let names = script.components(of: "byId(\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(names.count > 10)
    for name in names { #expect(page.contains("id=\"\(name)\""), "\(name)") }
  }
}

extension String {
  fileprivate func components(of separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
