/// Fields that weir does not know and passes on, and whose names say that they tell who asks or for which account: two
/// requests that differ in one are never the same.
enum TellingFields {
  private static let parts = [
    "cookie", "key", "token", "secret", "auth", "account", "tenant", "org", "project", "user", "session", "signature",
    "customer", "subscription", "principal", "identity", "email", "workspace", "team", "member", "group", "role",
  ]

  /// In the request's order, names in lower case.
  static func of(_ request: ClientHead) -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    request.forEachField { field in
      guard case .plain = field.kind else { return }
      let lowercase = field.nameText.lowercased()
      // One for each request, so that retries of it are known: no request would ever find another's reply. And tokens,
      // unlike a token, are no secret.
      guard lowercase != "idempotency-key", !lowercase.contains("tokens") else { return }
      if parts.contains(where: { lowercase.contains($0) }) { fields.append((lowercase, field.valueText)) }
    }
    return fields
  }
}
