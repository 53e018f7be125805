import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The end user of a request")
struct UserIdentityTests {
  private static let body =
    #"{"user":"body","safety_identifier":"safety","metadata":{"user_id":"metadata"},"model":"m"}"#

  private func head(weirUser: String? = nil, userID: String? = nil) -> RequestHead {
    var head = RequestHead(method: "POST", target: "/v1/chat/completions")
    head.weirUser = weirUser
    head.userID = userID
    return head
  }

  @Test("is the first that is named, headers before the body")
  func order() throws {
    let all = try envelope(Self.body)
    #expect(UserIdentity.find(head(weirUser: "weir", userID: "header"), all) == "weir")
    #expect(UserIdentity.find(head(userID: "header"), all) == "header")
    #expect(UserIdentity.find(head(), all) == "body")
    let noUser = try envelope(#"{"safety_identifier":"safety","metadata":{"user_id":"metadata"}}"#)
    #expect(UserIdentity.find(head(), noUser) == "safety")
    #expect(UserIdentity.find(head(), try envelope(#"{"metadata":{"user_id":"metadata"}}"#)) == "metadata")
  }

  @Test("is nobody where nothing names one")
  func nobody() throws {
    #expect(UserIdentity.find(head(), nil) == nil)
    #expect(UserIdentity.find(head(), try envelope(#"{"model":"m"}"#)) == nil)
  }

  @Test("is not an empty name: the next one counts")
  func empty() throws {
    #expect(UserIdentity.find(head(weirUser: "", userID: ""), try envelope(Self.body)) == "body")
    #expect(UserIdentity.find(head(weirUser: ""), try envelope(#"{"user":""}"#)) == nil)
  }

  @Test("is not a number, an object or null", arguments: ["7", "{}", "null", "[\"a\"]", "true"])
  func otherKinds(value: String) throws {
    #expect(UserIdentity.find(head(), try envelope(#"{"user":\#(value)}"#)) == nil)
  }

  @Test("is read from the headers even where nobody reads the body")
  func noBody() {
    #expect(UserIdentity.find(head(userID: "header"), nil) == "header")
  }

  @Test("stands whole up to 512 bytes")
  func longest() {
    let name = String(repeating: "a", count: 512)
    #expect(UserIdentity.find(head(weirUser: name), nil) == name)
  }

  @Test(
    "is cut to at most 512 bytes beyond that, at a whole character",
    arguments: ["a", "é", "漢", "👩"])
  func tooLong(character: String) throws {
    let found = try #require(
      UserIdentity.find(head(weirUser: String(repeating: character, count: 1000)), nil))
    #expect(found.utf8.count <= 512)
    #expect(found.unicodeScalars.count == 128)
    #expect(String(repeating: character, count: 1000).hasPrefix(found))
  }
}
