import Testing

@testable import WeirPolicy

@Suite("Hexadecimal digits")
struct HexDigitsTests {
  private func text(_ word: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: 16) { room in
      guard let start = room.baseAddress else { return 0 }
      unsafe HexDigits.write(word, to: UnsafeMutableRawPointer(start))
      return 16
    }
  }

  @Test("are those of every byte at every place")
  func bytes() {
    for byte in 0...UInt64(0xFF) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        let digits = String(byte << shift, radix: 16)
        #expect(text(byte << shift) == String(repeating: "0", count: 16 - digits.count) + digits)
      }
    }
    #expect(text(0xFEDC_BA98_7654_3210) == "fedcba9876543210")
  }
}
