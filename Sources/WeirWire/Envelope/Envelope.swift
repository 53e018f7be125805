import CWeirSimdjson

/// What weir needs to know of a request body, found in one pass that also validated it. Holds offsets and the few
/// strings decisions are made on; never the body. An object, since it is large and looked at all along the way.
public final class Envelope: Sendable {
  /// One entry of the fallback list `models`.
  public struct ModelEntry: Sendable, Equatable {
    /// The JSON string in the body, quotes included.
    public let range: Range<Int>
    /// What it means, escapes undone.
    public let value: String
  }

  /// A top-level member that the parser was told to find.
  public struct Member: Sendable, Equatable {
    /// The member's key, escapes undone.
    public let name: String
    /// The bytes of the value.
    public let value: Range<Int>
    /// Offset of the `{` or `,` that the key follows.
    public let before: Int
    /// Offset of the `,` or `}` that follows the value.
    public let after: Int
  }

  /// Offset of the object's `{`.
  public let objectStart: Int
  /// Offset of the matching `}`.
  public let objectEnd: Int
  /// True when the object has no members.
  public let isEmpty: Bool
  /// The model asked for; nil when the member is absent or not a string.
  public let model: String?
  /// True when the member `stream` is literally true.
  public let isStream: Bool
  /// The strings in `models`, in order; entries of other kinds are left out.
  public let models: [ModelEntry]
  /// The member `user`, where it is a string.
  public let user: String?
  /// The member `safety_identifier`, where it is a string.
  public let safetyIdentifier: String?
  /// The member `metadata.user_id`, where it is a string.
  public let metadataUserID: String?
  /// True when `stream_options.include_usage` is literally true.
  public let includesStreamUsage: Bool
  /// The value of `stream_options.include_usage`; nil where the request lacks it.
  public let streamUsageRange: Range<Int>?

  private let ranges: InlineArray<23, weir_json_range>
  private let named: [Member]

  /// The byte range of a member's value in the body, or nil when the body lacks the member.
  public func range(of member: EnvelopeMember) -> Range<Int>? {
    ranges[member.rawValue].offsets
  }

  /// A member by its name, where the parser was told to find that name; nil when the body lacks it.
  public func member(_ name: String) -> Member? {
    named.first { $0.name == name }
  }

  /// True when the body has the member `model`, of whatever kind.
  public var hasModel: Bool { range(of: .model) != nil }

  /// - Parameters:
  ///   - found: the shim's answer for `body`; its models and named members must still be readable.
  ///   - names: those that the shim was asked for.
  ///   - body: the bytes it was read from.
  init(_ found: weir_envelope, names: MemberNames, body: UnsafeRawBufferPointer) {
    let text = unsafe BodyText(body: body)
    let ranges = unsafe Self.memberRanges(found)
    self.ranges = ranges
    objectStart = unsafe Int(found.object_start)
    objectEnd = unsafe Int(found.object_end)
    isEmpty = unsafe found.member_count == 0
    model = unsafe text.string(ranges[EnvelopeMember.model.rawValue])
    isStream = unsafe text.isTrue(ranges[EnvelopeMember.stream.rawValue])
    user = unsafe text.string(ranges[EnvelopeMember.user.rawValue])
    safetyIdentifier = unsafe text.string(ranges[EnvelopeMember.safetyIdentifier.rawValue])
    metadataUserID = unsafe text.string(found.metadata_user_id)
    includesStreamUsage = unsafe text.isTrue(found.include_usage)
    streamUsageRange = unsafe found.include_usage.offsets
    models = unsafe UnsafeBufferPointer(start: found.models, count: Int(found.model_count)).compactMap {
      guard let range = $0.offsets, let value = unsafe text.string($0) else { return nil }
      return ModelEntry(range: range, value: value)
    }
    named = unsafe found.named_count == 0 ? [] : Self.members(found, names)
  }

  private static func members(_ found: weir_envelope, _ names: MemberNames) -> [Member] {
    let members = unsafe UnsafeBufferPointer(start: found.named, count: Int(found.named_count))
    var known: [Member] = []
    known.reserveCapacity(members.count)
    for index in members.indices {
      let member = unsafe members[index]
      guard let value = member.value.offsets, let name = names[Int(member.name)] else { continue }
      known.append(Member(name: name, value: value, before: Int(member.before), after: Int(member.after)))
    }
    return known
  }

  private static func memberRanges(_ found: weir_envelope) -> InlineArray<23, weir_json_range> {
    unsafe withUnsafeBytes(of: found.members) { bytes in
      let members = unsafe bytes.bindMemory(to: weir_json_range.self)
      return InlineArray { index in unsafe members[index] }
    }
  }
}

extension weir_json_range {
  /// Nil for the range that stands for an absent value.
  var offsets: Range<Int>? {
    start < end ? Int(start)..<Int(end) : nil
  }
}

/// The body's bytes while the envelope is made of them.
@unsafe private struct BodyText {
  let body: UnsafeRawBufferPointer

  func string(_ range: weir_json_range) -> String? {
    guard let offsets = range.offsets, offsets.count >= 2, unsafe offsets.upperBound <= body.count,
      unsafe body[offsets.lowerBound] == UInt8(ascii: "\"")
    else { return nil }
    let inner = offsets.lowerBound + 1..<offsets.upperBound - 1
    return unsafe unescapedText(UnsafeRawBufferPointer(rebasing: body[inner]))
  }

  func isTrue(_ range: weir_json_range) -> Bool {
    guard let offsets = range.offsets, unsafe offsets.upperBound <= body.count else { return false }
    return unsafe body[offsets].elementsEqual("true".utf8)
  }
}
