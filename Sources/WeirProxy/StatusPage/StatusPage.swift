/// The admin listener's front page: one document, one style sheet, one script, all part of the executable. Its figures
/// come from `/status`.
enum StatusPage {
  /// Where the page and its parts are.
  static let paths = ["/", "/assets/status.css", "/assets/status.js"]

  /// The page or a part of it; nil for any other path.
  static func reply(_ path: some StringProtocol) -> AdminReply? {
    switch path {
    case "/": reply("text/html; charset=utf-8", markupBytes)
    case "/assets/status.css": reply("text/css; charset=utf-8", styleBytes)
    case "/assets/status.js": reply("text/javascript; charset=utf-8", scriptBytes)
    default: nil
    }
  }

  /// Nothing from elsewhere, nothing inline, and no other page may frame this one (Content Security Policy Level 3).
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"

  private static let markupBytes = Array(markup.utf8)
  private static let styleBytes = Array(style.utf8)
  private static let scriptBytes = Array(
    [formatScript, chartsScript, panelsScript, rolloutsScript, updatesScript].joined(separator: "\n").utf8)

  private static func reply(_ contentType: String, _ body: [UInt8]) -> AdminReply {
    AdminReply(
      status: 200, contentType: contentType, body: body,
      fields: [
        ("content-security-policy", contentSecurityPolicy), ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
      ])
  }
}
