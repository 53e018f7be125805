import ArgumentParser
import WeirConfiguration
import WeirUpstream

/// `weir rollout`.
struct RolloutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout", abstract: "Shows or flips a rollout on the running proxy.",
    discussion: """
      weir rollout                 shows all rollouts
      weir rollout kimi            shows one
      weir rollout kimi 25         gives it 25 % of the users; in effect at once, and remembered over restarts
      weir rollout kimi --reset    returns to what the configuration says

      The proxy is found by WEIR_ADMIN_LISTEN (with port 0 by WEIR_PORT_FILE), or by --admin.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Argument(help: "The rollout's name.")
  var name: String?

  @Argument(help: "Share of the users, 0 to 100, with up to two decimals.")
  var percent: String?

  @Flag(help: "Returns to the configured share.")
  var reset = false

  @Option(help: "HOST:PORT of the running proxy's admin listener.")
  var admin: String?

  func validate() throws {
    if reset, name == nil || percent != nil { throw ValidationError("--reset takes a name and no percentage") }
  }

  func run() async throws {
    let (listener, token) = try proxyToAsk()
    let url = "http://\(listener)/rollouts" + (name.map { "/\(Self.encoded($0))" } ?? "")
    let fields = token.map { [("Authorization", "Bearer \($0)")] } ?? []
    let (method, body) = request
    let timeouts = PhaseTimeouts(connect: .seconds(5), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(20))
    let result = try await Caller.with(certificateAuthorityFile: nil, honoursProxies: false) { caller in
      await caller.ask(method, url, fields: fields, body: body, timeouts: timeouts)
    }
    switch result {
    case .failure(let failure):
      Terminal.complain("weir rollout: no proxy answers at \(listener): \(failure.reason)")
      Terminal.complain("start it, or name its admin listener by --admin")
      throw ExitCode.failure
    case .success(let reply):
      let text = String(decoding: reply.body, as: UTF8.self)
      guard reply.status == 200 else {
        Terminal.complain("weir rollout: \(text)")
        throw ExitCode.failure
      }
      Terminal.say(text)
    }
  }

  private var request: (method: String, body: [UInt8]?) {
    if reset { return ("DELETE", nil) }
    guard let percent else { return ("GET", nil) }
    // Sent as typed: the proxy says what is wrong with it.
    return ("PUT", Array("{\"percent\":\(percent)}".utf8))
  }

  /// As a segment of a path (RFC 3986, section 3.3).
  private static func encoded(_ name: String) -> String {
    name.utf8.map { byte in
      let character = Character(Unicode.Scalar(byte))
      let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
      return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  /// A configuration that is broken on disk does not stand in the way: that is just when somebody wants to flip by hand.
  private func proxyToAsk() throws -> (listener: ListenAddress, token: String?) {
    guard let admin else {
      let listeners = try options.listenersOrExit()
      return (listeners.runningAdmin, listeners.adminToken?.reveal())
    }
    do {
      let token = try? options.listeners().adminToken?.reveal()
      return (try ListenAddress(parsing: admin), token ?? ProcessEnvironment.all()["WEIR_ADMIN_TOKEN"])
    } catch {
      Terminal.complain("weir rollout: --admin \(admin): \(error)")
      throw ExitCode.usage
    }
  }
}
