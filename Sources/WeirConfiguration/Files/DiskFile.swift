#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Why a configuration file could not be read.
public struct FileReadError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kept it from being read.
  public enum Reason: Sendable, Equatable {
    /// Nothing is there.
    case notFound
    /// This process may not read it.
    case notPermitted
    /// It is a directory.
    case isDirectory
    /// It is larger than it may be, mostly `DiskFile.maximumBytes`.
    case tooLarge
    /// Anything else, by the system's error number.
    case system(errorNumber: Int32)
  }

  /// The path, as it was asked for.
  public let path: String
  /// What kept it from being read.
  public let reason: Reason

  /// Names a failure; readers other than `DiskFile` throw it so that the loader can tell missing files.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// A sentence without the path.
  public var description: String {
    switch reason {
    case .notFound: "the file does not exist"
    case .notPermitted: "this process may not read the file"
    case .isDirectory: "the path is a directory"
    case .tooLarge: "the file is larger than \(DiskFile.maximumBytes) bytes"
    case .system(let number): "the file cannot be read (system error \(number))"
    }
  }
}

/// Reads small files whole. Blocks the calling thread, so it is never called on an event loop.
public enum DiskFile {
  /// The most that a configuration file may hold: 8 MiB, enough for thirty thousand clients.
  public static let maximumBytes = 8 << 20

  /// The file's bytes.
  public static func read(_ path: String) throws(FileReadError) -> [UInt8] { try read(path, atMost: maximumBytes) }

  /// The file's bytes.
  ///
  /// - Parameter limit: the most that it may hold, in bytes.
  public static func read(_ path: String, atMost limit: Int) throws(FileReadError) -> [UInt8] {
    let descriptor = try opened(path)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        #if canImport(Darwin)
          unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
          unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
          unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path, errno)
      }
      bytes.append(contentsOf: chunk.prefix(count))
      guard bytes.count <= limit else { throw FileReadError(path: path, reason: .tooLarge) }
    }
  }

  private static func opened(_ path: String) throws(FileReadError) -> Int32 {
    while true {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw failure(path, errno) }
    }
  }

  private static func failure(_ path: String, _ number: Int32) -> FileReadError {
    let reason: FileReadError.Reason =
      switch number {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM: .notPermitted
      case EISDIR: .isDirectory
      default: .system(errorNumber: number)
      }
    return FileReadError(path: path, reason: reason)
  }
}
