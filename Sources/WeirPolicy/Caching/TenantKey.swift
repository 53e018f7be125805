import Crypto

/// Whose entries a request may see. Two requests share entries only where their keys are equal.
///
/// A client has its own, or those of the tenant or group that the configuration puts it in. Where the client's own credential
/// goes upstream, entries belong to that credential as well, and no group counts: what one account was answered is
/// no other's. The credential itself is not kept, only its SHA-256.
public struct TenantKey: Sendable, Hashable {
  /// What tells the kinds apart: a group is never taken for a client of its name.
  enum Kind: UInt8 {
    case client = 1
    case group, credential, tenant
  }

  let kind: Kind
  /// The client's name, or those of the group, sorted; a group whose members change loses its entries.
  let names: [String]
  /// Empty unless the client's own credential goes upstream.
  let credentialDigest: [UInt8]

  /// Finds whose entries a client sees.
  ///
  /// - Parameters:
  ///   - client: its name, or that of clients without one.
  ///   - tenant: the client's, where it has one.
  ///   - credentials: values of the request's fields that go upstream as they are and say who pays, in a fixed order;
  ///     empty where weir sends a key of its own.
  public init(client: String, tenant: String? = nil, credentials: [String] = [], policy: CachePolicy) {
    if !credentials.isEmpty {
      kind = .credential
      names = [client]
      var parts = KeyParts()
      parts.append(credentials)
      credentialDigest = Array(SHA256.hash(data: parts.bytes))
    } else if let tenant {
      kind = .tenant
      names = [tenant]
      credentialDigest = []
    } else if let group = policy.sharedTenants.first(where: { $0.contains(client) }) {
      kind = .group
      names = group.sorted()
      credentialDigest = []
    } else {
      kind = .client
      names = [client]
      credentialDigest = []
    }
  }
}
