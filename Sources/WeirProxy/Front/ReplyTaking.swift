/// How a client takes the replies that its connection was given, all sizes in bytes. A value; the connection's handler
/// owns it.
struct ReplyTaking {
  /// Bytes of replies that the channel was given, and how many of them the client had taken when last looked at.
  var given = 0
  private var taken = 0
  /// The most that the kernel held while the channel takes no more, and how much of that the client has taken since. The
  /// kernel takes more only when a third of it is gone.
  private var mostInKernel = 0
  private(set) var freed = 0

  mutating func channelTakesAgain() {
    mostInKernel = 0
    freed = 0
  }

  /// Looks at what waits for the kernel, and at what that has.
  ///
  /// - Returns: whether the client has taken more than when last looked at.
  mutating func note(waiting: Int, inKernel: Int) -> Bool {
    mostInKernel = max(mostInKernel, inKernel)
    freed = mostInKernel - inKernel
    let now = given - waiting - inKernel
    guard now > taken else { return false }
    taken = now
    return true
  }
}
