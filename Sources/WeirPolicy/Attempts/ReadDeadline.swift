/// Reads how long the client wants to wait: `x-weir-timeout`, in seconds, with decimals.
enum ReadDeadline {
  /// A longer time is taken as this one: the upstream's own time-outs are shorter anyway.
  private static let longest = 86_400.0

  /// When the answer has to be there; nil without the header.
  static func read(_ head: RequestHead, now: Int64) throws(Refusal) -> Int64? {
    guard let text = head.weirTimeout else { return nil }
    guard text.utf8.count <= 32, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
      let seconds = Double(text), seconds > 0
    else {
      throw Refusal(
        .invalidRequest, "the header x-weir-timeout is not a number of seconds above zero",
        remedy: "Send seconds such as 30 or 2.5, or leave the header out.", param: "x-weir-timeout")
    }
    return now + Int64(min(seconds, longest) * 1e9)
  }
}
