import Testing

@testable import WeirPolicy

@Suite("Tool permissions")
struct ToolPermissionsTests {
  @Test("without patterns every tool is allowed and no reply is edited")
  func open() {
    let permissions = ToolPermissions(onReply: .strip)
    #expect(permissions.allows(["run_shell"]))
    #expect(!permissions.editsReplies)
  }

  @Test("what is denied is forbidden, whatever is allowed")
  func denied() {
    let permissions = ToolPermissions(allow: [ModelPattern("*")], deny: [ModelPattern("shell_*")], onReply: .refuse)
    #expect(permissions.allows(["get_weather"]))
    #expect(!permissions.allows(["shell_run"]))
    #expect(!permissions.allows(["Shell_Run"]))
    #expect(permissions.editsReplies)
  }

  @Test("where tools are allowed, all others are forbidden")
  func allowed() {
    let permissions = ToolPermissions(allow: [ModelPattern("get_*")])
    #expect(permissions.allows(["get_weather"]))
    #expect(!permissions.allows(["set_weather"]))
    #expect(!permissions.allows([""]))
    #expect(!permissions.editsReplies)
  }

  @Test("of the names of one tool none may be denied, and one must be allowed by each list")
  func names() {
    let permissions = ToolPermissions(allow: [ModelPattern("local_*")], deny: [ModelPattern("shell*")])
    #expect(permissions.allows(["run", "local_run"]))
    #expect(!permissions.allows(["local_run", "shell"]) && !permissions.allows(["run"]) && !permissions.allows([]))
    let joined = permissions.joined(with: ToolPermissions(allow: [ModelPattern("run")]))
    #expect(joined.allows(["run", "local_run"]) && !joined.allows(["local_run"]))
  }

  @Test("permissions that differ have different fingerprints")
  func fingerprints() {
    let all = [
      ToolPermissions(allow: [ModelPattern("a")], onReply: .strip),
      ToolPermissions(deny: [ModelPattern("a")], onReply: .strip),
      ToolPermissions(deny: [ModelPattern("a")], onReply: .refuse),
    ]
    #expect(Set(all.map(\.fingerprint)).count == all.count)
  }
}
