import ArgumentParser
import Glibc
import WeirConfiguration
import WeirSimulator

/// `weir simulate`.
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs only the OpenRouter simulator: deterministic replies, token counts, costs and faults.",
    discussion: """
      Prints one JSON line with its URL once it listens. GET /_sim/requests shows what it received. A fault goes by \
      --faults, or for one request by the header x-sim-fault, for example `status=429;retry-after=2`, `stall=3`, or \
      `status=503[moonshotai/*]` for some models only.
      """)

  @Option(help: "HOST:PORT; port 0 takes a free one.")
  var listen = "127.0.0.1:8788"

  @Option(
    help:
      "Faults for every request, joined by `;`; `[moonshotai/*]` gives the models, `@20%` a share, `#3` the first three."
  )
  var faults: String?

  @Flag(help: "HTTPS with a self-signed certificate.")
  var tls = false

  @Option(name: .customLong("tls-cert-out"), help: "Where to write that certificate (PEM), so that it can be trusted.")
  var certificatePath: String?

  @Option(help: "The only API key accepted; without it any but those beginning with sk-invalid.")
  var key: String?

  func validate() throws {
    if certificatePath != nil, !tls {
      throw ValidationError("--tls-cert-out needs --tls: without it there is no certificate.")
    }
  }

  func run() async throws {
    let address = try parsedAddress()
    let options = SimulatorOptions(host: address.host, port: address.port, faults: faults, tls: tls, key: key)
    let simulator: Simulator
    do {
      simulator = try Simulator.start(options)
    } catch let error as FaultSpecError {
      Terminal.complain("weir simulate: \(error)")
      throw ExitCode.usage
    } catch {
      Terminal.complain("weir simulate: cannot listen on \(listen): \(error)")
      throw ExitCode.failure
    }
    if let certificatePath, let pem = simulator.certificatePEM { try write(pem, to: certificatePath) }
    Terminal.mention(simulator.listeningLine)
    await simulator.untilStopped()
  }

  private func parsedAddress() throws -> ListenAddress {
    do {
      return try ListenAddress(parsing: listen)
    } catch {
      Terminal.complain("weir simulate: --listen \(listen): \(error)")
      throw ExitCode.usage
    }
  }

  private func write(_ pem: String, to path: String) throws {
    guard let file = unsafe fopen(path, "we"), unsafe fputs(pem + "\n", file) >= 0, unsafe fclose(file) == 0 else {
      Terminal.complain("weir simulate: cannot write \(path): \(unsafe String(cString: strerror(errno)))")
      throw ExitCode.failure
    }
  }
}
