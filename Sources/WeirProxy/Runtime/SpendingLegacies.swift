import Glibc
import WeirConfiguration
import WeirPolicy

/// The files in which processes that handed over have left what they spent afterwards, beside the state file of budgets.
enum SpendingLegacies {
  /// Between the state file's name and the process's number.
  static let mark = ".left-"

  /// Reads and removes them. Of two processes that try, one gets a file. Blocks.
  static func take(beside path: String) -> [(path: String, bytes: [UInt8])] {
    let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let (folder, prefix) = (path[..<end], path[end...] + mark)
    return names(in: folder.isEmpty ? "." : String(folder)).filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".new") }
      .compactMap { name in
        let found = String(folder) + name
        let bytes = try? DiskFile.read(found, atMost: SpendingFile.maximumBytes)
        guard let bytes, unsafe unlink(found) == 0 else { return nil }
        return (found, bytes)
      }
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name)
    }
    return names
  }
}
