import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirPolicy

/// The model list as one event loop last sent it, and what weir adds to it, both for one configuration: another
/// configuration drops them. Lives on that event loop.
final class ModelListCache {
  /// The list with weir's entries in it, ready to be sent.
  struct List {
    let body: ByteBuffer
    /// The upstream's header lines that hold for later requests too.
    let lines: ByteBuffer
    /// The request's fields that the reply depends on (RFC 9110, section 12.5.5), as the first request had them.
    let varying: [VaryingField]
    /// Nanoseconds of `LoopContext.now`.
    let storedAt: Int64
  }

  /// One field of a request with all its values, in their order.
  struct VaryingField: Equatable {
    let name: String
    let values: [String]
  }

  /// How long a list is good for, in nanoseconds.
  static let lifetime: Int64 = 60_000_000_000
  /// A list larger than this many bytes is sent but not kept: there is one for each event loop.
  static let largestKept = 4 << 20

  private var snapshot: RuntimeSnapshot?
  private var listing: ModelListing?
  private var list: List?

  /// What weir adds under a configuration; worked out at the first request.
  func listing(for snapshot: RuntimeSnapshot) -> ModelListing {
    if let listing, self.snapshot === snapshot { return listing }
    let made = ModelListing(policy: snapshot.policy, routes: snapshot.configuration.routes)
    self.snapshot = snapshot
    listing = made
    list = nil
    return made
  }

  /// The list, if it is good for a request with these fields, and its age in whole seconds.
  func list(for snapshot: RuntimeSnapshot, request: ClientHead, now: Int64) -> (list: List, age: Int64)? {
    guard let list, self.snapshot === snapshot else { return nil }
    let age = now - list.storedAt
    guard age < Self.lifetime else {
      self.list = nil
      return nil
    }
    guard list.varying.allSatisfy({ $0 == VaryingField(name: $0.name, values: request.values(of: $0.name)) }) else {
      return nil
    }
    return (list, max(age, 0) / 1_000_000_000)
  }

  /// Keeps a list in the place of the one before, unless it is too large or of a configuration that is no more.
  func keep(_ list: List, for snapshot: RuntimeSnapshot) {
    guard self.snapshot === snapshot, list.body.readableBytes <= Self.largestKept else { return }
    self.list = list
  }
}
