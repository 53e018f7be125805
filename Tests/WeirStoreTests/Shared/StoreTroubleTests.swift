import Testing

@testable import WeirStore

@Suite("An error of the store")
struct StoreTroubleTests {
  @Test(
    "is known by its first word, also where a script met it",
    arguments: [
      ("READONLY You can't write against a read only replica.", "READONLY"),
      ("OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
      ("ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed", "OOM"),
      ("ERR Error running script (call to f_1): @user_script:1: WRONGTYPE Operation against a key", "WRONGTYPE"),
      ("WRONGTYPE Operation against a key script: 1, on @user_script:2.", "WRONGTYPE"),
      ("ERR unknown command 'EVAL'", "ERR"), ("NOPERM this user has no permissions", "NOPERM"),
      ("SOMETHING new", "SOMETHING"), ("pa55word", "an error"), ("", "an error"), ("ERRpa55 word", "an error"),
    ])
  func code(_ text: String, _ code: String) {
    #expect(StoreTrouble.code(of: text) == code)
  }

  @Test("that quotes what was sent is not quoted")
  func quotes() {
    for text in ["ERR unknown command 'AUTH', with args beginning with: 'pa55word'", "pa55word", "WRONGPASS pa55word"] {
      #expect(!StoreTrouble(answer: text).reason.contains("pa55word"))
      #expect(!StoreFailure.refused(text).code.contains("pa55word"))
    }
  }

  @Test("is about the store as a whole, or about one call")
  func general() {
    #expect(["READONLY x", "OOM x", "LOADING x", "NOAUTH x", "BUSY x"].allSatisfy(StoreTrouble.concernsAll))
    #expect(StoreFailure.refused("OOM x").isOfTheStore)
    for other in [StoreFailure.refused("WRONGTYPE x"), .late, .broken, .down] { #expect(!other.isOfTheStore) }
    #expect(!["WRONGTYPE x", "ERR x", "NOPERM x", "NOSCRIPT x", ""].contains(where: StoreTrouble.concernsAll))
  }

  @Test(
    "of a cluster names the node to go to",
    arguments: [
      ("MOVED 3999 10.0.0.2:6381", "10.0.0.2:6381"), ("MOVED 3999 :6381", "r:6381"), ("MOVED 1 ?:7", "r:7"),
      ("MOVED 1 [::1]:7", "[::1]:7"), ("MOVED 1 ::1:7", "[::1]:7"), ("MOVED 1 node:0", nil), ("MOVED 1 node:x", nil),
      ("MOVED 1 node", nil), ("MOVED", nil), ("ASK 3999 10.0.0.2:6381", nil), ("ERR MOVED 1 a:1", nil),
    ] as [(String, String?)])
  func moved(_ text: String, _ place: String?) {
    let found = StoreTrouble.place(movedTo: text, from: .network(host: "r", port: 1))
    #expect(found?.description == place)
    #expect(StoreTrouble.place(movedTo: text, from: .socket(path: "/r")) == nil)
  }

  @Test("has a label in the metrics' list")
  func labels() {
    let all: [StoreFailure] = [.down, .full, .late, .broken, .refused("x"), .tooLarge]
    #expect(all.map(\.label) == StoreFailure.labels)
  }
}

@Suite("What is sent to the store")
struct StoreWireTests {
  @Test("is an array of counted strings, whatever bytes they have")
  func command() {
    #expect(StoreWire.command("GET", "é") == Array("*2\r\n$3\r\nGET\r\n$2\r\né\r\n".utf8))
    #expect(StoreWire.command([[], [13, 10]]) == Array("*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n".utf8))
  }

  @Test("names a script by its SHA-1, as redis-cli SCRIPT LOAD does")
  func script() {
    let script = StoreScript(.admit, "return 1")
    #expect(
      String(decoding: script.byDigest, as: UTF8.self)
        == "$7\r\nEVALSHA\r\n$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n")
    #expect(String(decoding: script.bySource, as: UTF8.self) == "$4\r\nEVAL\r\n$8\r\nreturn 1\r\n")
  }

  @Test("shows no names, and tells apart what only looks alike")
  func digest() {
    let digests = [["a", "b"], ["ab"], ["a", "b", ""], ["", "ab"], ["a,b"]].map(SharedDigest.hex)
    #expect(Set(digests).count == digests.count)
    #expect(digests.allSatisfy { $0.count == 32 && !$0.contains("ab:") })
    #expect(SharedDigest.hex(["a", "b"]) == SharedDigest.hex(["a", "b"]))
  }
}

@Suite("A heartbeat's answer")
struct FleetNewsTests {
  private func answer(_ pairs: [StoreReply], sidecars: Int64 = 3, isNew: Int64 = 0) -> StoreReply {
    .array([.bytes(Array("1795000000000".utf8)), .integer(sidecars), .integer(isNew), .array(pairs)])
  }

  @Test("says how many there are, and which versions")
  func news() {
    let pairs: [StoreReply] = [.bytes(Array("rollouts".utf8)), .bytes(Array("7".utf8))]
    let news = FleetNews(answer(pairs, isNew: 1))
    #expect(news?.sidecars == 3)
    #expect(news?.isNew == true)
    #expect(news?.versions == ["rollouts": 7])
  }

  @Test("counts this sidecar at least, and leaves out what is no version")
  func odd() {
    #expect(FleetNews(answer([], sidecars: -5))?.sidecars == 1)
    #expect(FleetNews(answer([.null, .integer(1), .bytes([120]), .null, .bytes([121])]))?.versions == [:])
  }

  @Test(
    "that is none is known as such",
    arguments: [.null, .status("OK"), .array([]), .array([.null, .null, .null, .null])] as [StoreReply])
  func none(_ reply: StoreReply) {
    #expect(FleetNews(reply) == nil)
  }
}
