import ArgumentParser
import Glibc
import WeirConfiguration

/// `weir key`.
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Makes keys for clients, and the hashes that the configuration holds of them.",
    discussion: """
      weir key new web >> clients.yaml     makes a key for the client web: shows it on the terminal, once, and adds \
      the client to the file that WEIR_CLIENTS_FILE names
      weir key hash < key.txt              prints the hash of a key that exists already
      """,
    subcommands: [New.self, Hash.self])

  /// `weir key new`.
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a key.",
      discussion: """
        The key goes to standard error, this once; the client's entry for the section `clients` of the YAML file, or \
        for the file that WEIR_CLIENTS_FILE names, goes to standard output. To replace a key, add the new hash to the \
        client's key_hashes and take the old one out when nobody uses it any more.
        """)

    @Argument(help: "The client's name: 1 to 64 of A-Z a-z 0-9 . _ -.")
    var name: String

    @Option(help: "From when the client's keys are refused, such as 2027-01-31 or 2027-01-31T18:00:00Z.")
    var expires: String?

    func run() throws {
      var generator = SystemRandomNumberGenerator()
      do {
        let issued = try IssuedKey(name: name, expires: expires, now: Int64(time(nil)), using: &generator)
        Terminal.complain("The key of \(name), shown this once; clients send it as `Authorization: Bearer KEY`:")
        Terminal.complain(issued.key.reveal())
        Terminal.print(issued.entry)
      } catch {
        Terminal.complain("weir key new: \(error)")
        throw ExitCode.usage
      }
    }
  }

  /// `weir key hash`.
  struct Hash: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the hash of the key on standard input.",
      discussion: "It goes into the configuration as key_hash, or in the place of a key in WEIR_CLIENT_KEYS.")

    func run() throws {
      var generator = SystemRandomNumberGenerator()
      let text = String(decoding: Terminal.readInput(), as: UTF8.self)
      do {
        let hash = try IssuedKey.hash(of: text, using: &generator)
        if text.utf8.count < IssuedKey.shortestSafeLength {
          Terminal.complain(
            "weir key hash: the key is short, so its hash can be guessed back; weir key new makes a long one")
        }
        Terminal.say("\(hash)")
      } catch {
        Terminal.complain("weir key hash: \(error)")
        throw ExitCode.usage
      }
    }
  }
}
