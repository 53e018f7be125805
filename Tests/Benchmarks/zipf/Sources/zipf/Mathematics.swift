#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Trace {
  static func exp(_ value: Double) -> Double { Self.power(2.718281828459045, value) }

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
