import WeirWire

/// What the relay knows of a reply that parts are taken out of. An object of the exchange's own, since few have one.
final class ReplyEdit {
  var editor: ReplyEditor
  /// The reply is no stream: it waits until it is whole.
  let isWhole: Bool
  /// The client gets nothing before something of the reply is known to be allowed.
  let waits: Bool
  /// The upstream sent a coding that it was not asked for, so that the reply cannot be looked at.
  let isCoded: Bool
  /// More than may be held came of a reply that must be whole.
  var isTooLarge = false
  /// The process holds as much as it may.
  var hasNoRoom = false

  init(editor: ReplyEditor, isWhole: Bool, waits: Bool, isCoded: Bool) {
    self.editor = editor
    self.isWhole = isWhole
    self.waits = waits
    self.isCoded = isCoded
  }
}
