import NIOCore
import Testing

@testable import WeirProxy

@Suite("Text for a head")
struct HeadTextTests {
  private func write(into buffer: inout ByteBuffer) {
    unsafe buffer.writeHead { text in
      unsafe text.put("HTTP/1.1 200 OK\r\n")
      unsafe text.putField("x-weir-model: ", "moonshotai/kimi-k2")
      unsafe text.putField("x-tiny: ", "é")
      unsafe text.putField("x-empty: ", "")
      unsafe text.putField(named: "x-own", "a value")
      unsafe text.put(-17)
      unsafe text.put(milliseconds: 1_234_567)
      unsafe text.put("\r\n")
    }
  }

  private let expected =
    "HTTP/1.1 200 OK\r\nx-weir-model: moonshotai/kimi-k2\r\nx-tiny: é\r\nx-empty: \r\nx-own: a value\r\n-171.234\r\n"

  @Test("is the same whether the buffer has room for all of it, for some or for none", arguments: [0, 1, 30, 80, 4096])
  func room(capacity: Int) {
    var buffer = ByteBufferAllocator().buffer(capacity: capacity)
    write(into: &buffer)
    #expect(String(buffer: buffer) == expected)
  }

  @Test("stands behind what the buffer has already, and is not written when there is none")
  func behind() {
    var buffer = ByteBuffer(string: "before ")
    write(into: &buffer)
    #expect(String(buffer: buffer) == "before " + expected)
    unsafe buffer.writeHead { _ in }
    #expect(String(buffer: buffer) == "before " + expected)
  }
}
