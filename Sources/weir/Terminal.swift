import Glibc
import Synchronization

/// What commands print for people and scripts; the proxy itself writes to the log.
enum Terminal {
  /// Why standard output did not take something that was to arrive there, by its errno; 0 where it took everything.
  private static let refusal = Atomic<CInt>(0)

  /// A line on standard output that is what the command was asked for.
  static func say(_ line: String) { print(line + "\n") }

  /// Text that ends its lines itself, on standard output.
  static func print(_ text: String) {
    let code = put(text, to: STDOUT_FILENO)
    if code != 0 { refusal.store(code, ordering: .relaxed) }
  }

  /// A line on standard output, of a command that does its work all the same when nobody can read it.
  static func mention(_ line: String) { _ = put(line + "\n", to: STDOUT_FILENO) }

  /// A line on standard error.
  static func complain(_ line: String) { _ = put(line + "\n", to: STDERR_FILENO) }

  /// The line with a question mark for each control character: what an upstream says does not steer the terminal.
  static func plain(_ line: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in line.unicodeScalars {
      plain.append(scalar.properties.generalCategory == .control ? "?" : scalar)
    }
    return String(plain)
  }

  /// Ends the process with EX_IOERR of sysexits.h where standard output did not take what it was to have: who redirects
  /// it to a file, such as the hash of a new key, is not to believe that it is there.
  static func endUnlessWritten() {
    let code = refusal.load(ordering: .relaxed)
    guard code != 0 else { return }
    complain("weir: standard output cannot be written: \(unsafe String(cString: strerror(code)))")
    exit(74)
  }

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

  /// The errno of what failed, or 0.
  private static func put(_ text: String, to descriptor: CInt) -> CInt {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? errno : EIO }
      rest = rest.dropFirst(count)
    }
    return 0
  }
}
