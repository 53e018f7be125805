import Crypto

/// What makes two requests identical: a SHA-256 over everything that may change the answer.
///
/// A collision between two requests that somebody chose would take 2^128 attempts, so a key stands for its request, and
/// nobody can choose keys that fall into one bucket of a table.
public struct CacheKey: Sendable, Hashable {
  /// The digest in four parts; two hundred and fifty-six bits.
  private let words: InlineArray<4, UInt64>

  /// What a request is besides its body.
  public struct Request: Sendable {
    /// Whose entries it may see.
    public var tenant: TenantKey
    /// The upstreams that may answer, by what tells them from all others, in the order asked.
    public var upstreams: [String]
    /// In upper case.
    public var method: String
    /// Below the upstream's base, as it is sent.
    public var path: String
    /// As it is sent, without the question mark; nil where there is none.
    public var query: String?
    /// `accept-encoding` as it is sent upstream, so that a coded reply reaches only who can read it; nil where none is.
    public var acceptEncoding: String?
    /// Other fields sent upstream that may change the answer, names in lower case, in a fixed order.
    public var fields: [(name: String, value: String)]
    /// What weir takes out of the reply (`Exchange.replyFingerprint`).
    public var replyEdits: [String]

    /// Describes a request.
    public init(
      tenant: TenantKey, upstreams: [String], method: String, path: String, query: String? = nil,
      acceptEncoding: String? = nil, fields: [(name: String, value: String)] = [], replyEdits: [String] = []
    ) {
      self.tenant = tenant
      self.upstreams = upstreams
      self.method = method
      self.path = path
      self.query = query
      self.acceptEncoding = acceptEncoding
      self.fields = fields
      self.replyEdits = replyEdits
    }

    /// All of it, laid out to be hashed.
    public var parts: KeyParts {
      var parts = KeyParts()
      parts.lay(
        out: tenant, upstreams: upstreams, method: method, path: path, query: query, acceptEncoding: acceptEncoding,
        fields: fields, replyEdits: replyEdits)
      return parts
    }
  }

  /// Changes with the composition of `parts` and with the canonical form.
  fileprivate static let version = "weir-cache-1"

  /// Hashes a request.
  ///
  /// - Parameter canonicalBody: what `CanonicalJSON` made of the body that goes upstream: all of it, never picked
  ///   members.
  public init(_ request: borrowing Request, canonicalBody: UnsafeRawBufferPointer) {
    unsafe self.init(request.parts, canonicalBody: canonicalBody)
  }

  /// Hashes a request of which all but the body is laid out already.
  ///
  /// - Parameter canonicalBody: as above.
  public init(_ parts: borrowing KeyParts, canonicalBody: UnsafeRawBufferPointer) {
    var hash = SHA256()
    unsafe parts.withBytes { unsafe hash.update(bufferPointer: $0) }
    unsafe KeyParts.withBytes(of: canonicalBody.count) { unsafe hash.update(bufferPointer: $0) }
    unsafe hash.update(bufferPointer: canonicalBody)
    words = unsafe hash.finalize().withUnsafeBytes { digest in
      InlineArray { word in
        unsafe digest.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)
      }
    }
  }

  /// A key of four given parts, for tables that are tried out.
  init(words: InlineArray<4, UInt64>) { self.words = words }

  /// One of the four parts, each as good as a hash of the whole.
  func word(_ index: Int) -> UInt64 { words[index & 3] }

  /// Whether all four parts are equal.
  public static func == (one: CacheKey, two: CacheKey) -> Bool {
    one.words[0] == two.words[0] && one.words[1] == two.words[1] && one.words[2] == two.words[2]
      && one.words[3] == two.words[3]
  }

  /// One part of a SHA-256 tells keys apart as well as all of it.
  public func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
}

extension KeyParts {
  /// Lays a request's parts out, in the place of what was there. Of parts that nobody has put together in a
  /// `CacheKey.Request`, which would count a reference for each.
  public mutating func lay(
    out tenant: TenantKey, upstreams: [String], method: String, path: String, query: String?, acceptEncoding: String?,
    fields: [(name: String, value: String)], replyEdits: [String]
  ) {
    removeAll()
    append(CacheKey.version)
    append(tenant.kind.rawValue)
    append(tenant.names)
    append(tenant.credentialDigest)
    append(upstreams)
    append(method)
    append(path)
    append(optional: query)
    append(optional: acceptEncoding)
    append(fields.count)
    for field in fields {
      append(field.name)
      append(field.value)
    }
    append(replyEdits)
  }
}
