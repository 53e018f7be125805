import CFuzzer
import FuzzTargets
import Glibc

// `fuzz TARGET [libFuzzer's arguments]`; `run` calls it.
guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
  print("usage: fuzz TARGET [libFuzzer's arguments]; targets: \(FuzzTarget.allCases.map(\.rawValue))")
  exit(64)
}
unsafe chosen = target

// libFuzzer counts the target's name as the program's.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
  let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let target = unsafe chosen
  guard let finding = target.finding(in: bytes) else { return 0 }
  print("FINDING \(target): \(finding)")
  fflush(nil)
  abort()
}
exit(status)
