import Glibc

/// Tells other programs which ports the listeners got.
enum PortFile {
  /// Writes `{"traffic":N,"admin":N}`; readers see the whole file or none.
  static func write(_ path: String, traffic: Int, admin: Int) throws(PortFileError) {
    let temporary = path + ".new"
    guard let file = unsafe fopen(temporary, "we") else { throw PortFileError(path: path, errno: errno) }
    let text = "{\"traffic\":\(traffic),\"admin\":\(admin)}\n"
    let isWritten = unsafe fputs(text, file) >= 0
    let isClosed = unsafe fclose(file) == 0
    guard isWritten, isClosed, unsafe rename(temporary, path) == 0 else {
      throw PortFileError(path: path, errno: errno)
    }
  }
}

/// The port file could not be written.
public struct PortFileError: Error, CustomStringConvertible {
  let path: String
  let errno: CInt
  /// The file and the system's words.
  public var description: String { unsafe "WEIR_PORT_FILE \(path): \(String(cString: strerror(errno)))" }
}
