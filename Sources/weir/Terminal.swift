import Glibc

/// What commands print for people and scripts; the proxy itself writes to the log.
enum Terminal {
  /// A line on standard output.
  static func say(_ line: String) { put(line + "\n", to: STDOUT_FILENO) }

  /// Text that ends its lines itself, on standard output.
  static func print(_ text: String) { put(text, to: STDOUT_FILENO) }

  /// A line on standard error.
  static func complain(_ line: String) { put(line + "\n", to: STDERR_FILENO) }

  /// All of standard input.
  static func readInput() -> [UInt8] {
    var input: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe read(STDIN_FILENO, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return input }
      input.append(contentsOf: part[..<count])
    }
  }

  private static func put(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
