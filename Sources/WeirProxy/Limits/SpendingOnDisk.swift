import WeirConfiguration
import WeirPolicy

/// The state file of budgets, read.
enum SpendingOnDisk {
  /// What the file has.
  static func restore(
    _ path: String, to limits: LimitBook, isAlone: Bool
  ) throws(SpendingFileError) -> SpendingFile.Contents? {
    guard let bytes = try bytes(of: path) else { return nil }
    do throws(SpendingFile.Fault) {
      let contents = try SpendingFile.decode(bytes)
      limits.restore(contents)
      // Who wrote it tells the store nothing any more.
      if isAlone, !contents.untold.isEmpty { limits.add(contents.untold) }
      return contents
    } catch {
      throw SpendingFileError(path: path, reason: error.description)
    }
  }

  /// Nil where there is no file yet.
  private static func bytes(of path: String) throws(SpendingFileError) -> [UInt8]? {
    do throws(FileReadError) {
      return try DiskFile.read(path, atMost: SpendingFile.maximumBytes)
    } catch {
      guard error.reason != .notFound else { return nil }
      guard error.reason != .tooLarge else {
        throw SpendingFileError(path: path, reason: "the file is larger than \(SpendingFile.maximumBytes) bytes")
      }
      throw SpendingFileError(path: path, reason: error.description)
    }
  }
}
