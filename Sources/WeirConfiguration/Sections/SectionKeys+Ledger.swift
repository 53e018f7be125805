extension SectionKeys {
  static let ledgerKeys = [
    SectionKey(
      .ledger, "redact", "list",
      "Regular expressions (RE2's) whose matches are taken out of prompts and replies before they are kept")
  ]
}
