import NIOCore
import WeirWire

/// What a reply's relay knows between two reads of the upstream. A value; the exchange owns it.
struct ReplyRelay {
  var framing = ReplyFraming.none
  /// The head was written to the client; from here on an error can only break the reply off.
  var hasBegun = false
  /// Whether the head told the client that the connection stays.
  var promisesMore = false
  /// The head of a reply that others may get too.
  var sharedHead: SharedHead?
  /// The upstream's head while the reply waits for a verdict.
  var held: ReplyHead?
  var isEventStream = false
  /// The client left with all events of a stream whose coding's end is to come.
  var isWithClient = false
  /// Its body has a content coding: text of weir's own would be no part of it.
  var isCoded = false
  /// How far the client's last event goes, where no meter reads along.
  var tail = StreamTail()
  /// The client's connection takes no more.
  var isHeld = false
  /// The transfer is paused for the client.
  var waitsForClient = false
  /// The transfer is paused for clients that follow.
  var waitsForFollowers = false
  /// For how long others wait because of the client.
  var holdUp = HoldUp()
  /// The head, until it is flushed.
  var head: ByteBuffer?
  /// Body bytes of the batch at hand, behind room for a chunk's size line.
  var batch: ByteBuffer?
  var batchBytes = 0
  /// How many of them the meter has read.
  var measuredBytes = 0
  /// Reads along where the API is one that weir understands.
  var meter: ReplyMeter?
  /// What the client has not been sent yet of a sized body.
  var bytesToCome: Int?
  /// Taken from the allowance for what waits for a slow client.
  var keptBytes = 0
  /// Taken from the allowance for what the meter keeps of a reply that is no stream.
  var meteredBytes = 0
  /// Takes parts of the reply out before the client gets it; nil where nothing is to be taken out.
  var edit: ReplyEdit?
  /// Undoes the reply's coding for the meter.
  var inflater: Inflater?
  /// The copy for the meter cannot be read; the reply itself is relayed all the same.
  var isUnreadable = false
  var firstContentAt: Int64?
}
