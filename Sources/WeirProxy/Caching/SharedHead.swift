import NIOCore
import WeirPolicy

/// The head of a reply that several clients get.
struct SharedHead: Sendable {
  /// The HTTP status.
  var status: Int
  /// The field lines that every client gets, as the cache keeps them.
  var lines: [UInt8]
  /// Whether the body is an event stream.
  var isEventStream: Bool
  /// Bytes of the body; nil where the upstream did not say.
  var contentLength: Int?
  /// The upstream's `content-encoding`; nil where the body is plain.
  var contentEncoding: String?
  /// The model that answers, by the id asked of the upstream.
  var model: String?
  /// What headers and metrics call the upstream.
  var upstream: String
  /// The model that answers, where it is not the one that was asked for.
  var fallback: ResolvedModel?
  /// What weir changed in the reply, as `x-weir-edits` calls it.
  var edits: [String] = []
}

/// How a reply that several clients get ended, and with it what each of them gets.
enum SharedEnding: Sendable, Equatable {
  /// Its end was reached.
  case complete
  /// It broke off after its head.
  case broken(Refusal)
  /// There was none: weir answers.
  case refused(Refusal)
  /// There was none, for a reason that is only about the client whose request led.
  case refusedClient(String, Refusal)
}

/// What came since a follower last asked.
struct FollowerEvents: Sendable {
  /// Given once.
  var head: SharedHead?
  /// The next bytes of the body.
  var chunks: [ByteBuffer] = []
  /// How the leader's reply ended; given after the last bytes, and again whenever asked.
  var ending: SharedEnding?
  /// Whether more is there already, over the bytes asked for; nothing wakes the follower for that.
  var hasMore = false
}
