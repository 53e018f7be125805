import WeirWire

/// Keys and tokens that are told by their form alone, as their issuers document them.
enum SecretShapes {
  static let detectors =
    forms.map { BuiltInContent.Detector(pattern: $0) } + [
      BuiltInContent.Detector(pattern: #"\bsk-[A-Za-z0-9_-]{20,}"#, check: modelKey)
    ]

  private static let forms = [
    // AWS: identifiers of access keys, and secret keys that are named as such.
    #"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"#,
    #"(?i:aws_?secret_?(?:access_?)?key)["']?\s{0,4}[:=]\s{0,4}["']?[A-Za-z0-9/+=]{40}"#,
    // GitHub, GitLab.
    #"\bgh[pousr]_[A-Za-z0-9]{36,}"#, #"\bgithub_pat_[A-Za-z0-9_]{22,}"#, #"\bglpat-[A-Za-z0-9_-]{20,}"#,
    // Slack.
    #"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"#, #"\bxapp-\d-[A-Za-z0-9-]{10,}"#,
    #"hooks\.slack\.com/services/[A-Za-z0-9_/]{20,}"#,
    // Google.
    #"\bAIza[0-9A-Za-z_-]{35}"#, #"\bya29\.[0-9A-Za-z_-]{20,}"#, #"\bGOCSPX-[0-9A-Za-z_-]{20,}"#,
    // Stripe, npm, PyPI, Hugging Face, SendGrid, DigitalOcean, Groq, xAI.
    #"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"#, #"\bnpm_[A-Za-z0-9]{36}"#, #"\bpypi-AgE[A-Za-z0-9_-]{50,}"#,
    #"\bhf_[A-Za-z0-9]{30,}"#, #"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{30,}"#, #"\bdo[opr]_v1_[0-9a-f]{64}"#,
    #"\bgsk_[A-Za-z0-9]{40,}"#, #"\bxai-[A-Za-z0-9]{40,}"#,
    // Azure storage; keys of weir itself.
    #"\bAccountKey=[A-Za-z0-9+/=]{60,}"#, #"\bweir-[A-Za-z0-9]{8}-[A-Za-z0-9_-]{43}"#,
    // Private keys in PEM (RFC 7468) and OpenPGP's armour; one without an end goes on to the next dashes.
    #"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-])*(?:-----END [A-Z0-9 ]{0,40}-----)?"#,
    // JSON Web Tokens (RFC 7519).
    #"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"#,
    // Passwords in the addresses of databases.
    #"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?)://[^\s:@/]{0,64}:[^\s@/]{1,128}@"#,
  ]

  /// OpenAI, OpenRouter, Anthropic, Moonshot, DeepSeek and others begin keys with `sk-`, and so do names in style sheets:
  /// without a vendor's word behind it, a key has digits and no stretch of words.
  private static let modelKey: RequestScreen.Check = { text, match in
    let key = match.map { text[$0] }
    for word in ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-ant-", "sk-or-"] where key.starts(with: word.utf8) {
      return match
    }
    let body = key.dropFirst(3)
    let digits = body.count(where: Candidate.isDigit)
    let dashes = body.count { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    return digits >= 2 && dashes * 8 <= body.count ? match : nil
  }
}
