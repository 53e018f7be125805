#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes that end right before a page that may not be read, so that a read beyond them ends the test run.
@safe final class GuardedBytes {
  private let pages: UnsafeMutableRawBufferPointer
  let bytes: UnsafeRawBufferPointer

  init?(_ content: [UInt8]) {
    let page = Int(getpagesize())
    let room = (content.count + page) / page * page
    let mapped = unsafe mmap(nil, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start = unsafe mapped, unsafe start != MAP_FAILED else { return nil }
    unsafe pages = UnsafeMutableRawBufferPointer(start: start, count: room + page)
    unsafe UnsafeMutableRawBufferPointer(rebasing: pages[(room - content.count)..<room]).copyBytes(
      from: content)
    unsafe bytes = UnsafeRawBufferPointer(rebasing: pages[(room - content.count)..<room])
    guard unsafe mprotect(start + room, page, PROT_NONE) == 0 else { return nil }
  }

  deinit {
    unsafe munmap(pages.baseAddress, pages.count)
  }
}
