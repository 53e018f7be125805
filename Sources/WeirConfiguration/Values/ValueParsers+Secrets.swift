import WeirPolicy

extension ValueParsers {
  /// A key or token that travels in a header: visible ASCII, so that nothing in it can end the header.
  static func secret(_ text: String) throws(ValueProblem) -> Secret {
    try checkKey(text, called: "the value")
    return Secret(text)
  }

  /// A secret that is not sent in a header, such as a URL with a password.
  static func secretText(_ text: String) throws(ValueProblem) -> Secret {
    guard !ASCII.hasControl(text) else {
      throw ValueProblem(
        "the value holds a control character", fix: "remove it; a line feed may have been pasted")
    }
    return Secret(text)
  }

  /// `name:key` entries; names and keys are unique, so that a key names one client.
  static func clientKeys(_ items: [String]) throws(ValueProblem) -> [ClientKey] {
    var clients: [ClientKey] = []
    var names: Set<String> = []
    var owners: [KeyID: String] = [:]
    for (index, item) in items.enumerated() {
      let client = try clientKey(item, entry: index + 1)
      guard names.insert(client.name).inserted else {
        throw ValueProblem(
          "the client \(client.name) is named twice", fix: "give each client a name of its own")
      }
      if let twin = owners.updateValue(client.name, forKey: client.hash.id) {
        throw ValueProblem(
          "the clients \(twin) and \(client.name) have the same key",
          fix: "give each client a key of its own")
      }
      clients.append(client)
    }
    return clients
  }

  /// The entry's text is never quoted: without its colon it is most likely a key.
  private static func clientKey(_ item: String, entry: Int) throws(ValueProblem) -> ClientKey {
    let parts = item.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw ValueProblem("entry \(entry) is not of the form name:key", fix: "write name:key,name2:key2")
    }
    let name = try clientName(ASCII.trimmed(parts[0]), place: "entry \(entry)")
    let key = ASCII.trimmed(parts[1])
    try checkKey(key, called: "the key of \(name)")
    guard !key.contains(",") else {
      throw ValueProblem("the key of \(name) holds a comma", fix: "use a key without one")
    }
    guard !KeyHash.looksLikeOne(key) || KeyHash(key) != nil else {
      throw ValueProblem(
        "the key of \(name) begins like a hash and is none", fix: "give what weir key new printed as a whole")
    }
    return ClientKey(name: name, key: Secret(key))
  }

  private static func checkKey(_ key: String, called name: String) throws(ValueProblem) {
    guard !key.isEmpty else { throw ValueProblem("\(name) is empty", fix: "give a key") }
    guard !ASCII.hasControl(key) else {
      throw ValueProblem(
        "\(name) holds a line break or another control character",
        fix: "remove it; a trailing line feed often comes from the file that the key was read from")
    }
    guard ASCII.isVisible(key), key.utf8.count <= 4096 else {
      throw ValueProblem(
        "\(name) holds blanks, characters beyond ASCII, or over 4096 bytes",
        fix: "check that it was copied whole and alone")
    }
  }
}
