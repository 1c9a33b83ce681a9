internal import Glibc

extension UnsafeMutableBufferPointer {
  /// Asks the system for large pages for memory that is not used yet, where that is worth it.
  ///
  /// A text of 43 MB is ten thousand usual pages, and each is asked for and cleared when it is first touched.
  package func preferHugePages() {
    let bytes = UnsafeMutableRawBufferPointer(self)
    let size = 2 << 20
    guard bytes.count >= 4 * size, let start = bytes.baseAddress else { return }
    // Whole pages only: what else is in the first and the last one is not ours.
    let first = unsafe start.alignedUp(toMultipleOf: size)
    let count = unsafe (bytes.count - (first - start)) & ~(size - 1)
    // It is only a wish, so it does not matter whether it is granted.
    _ = unsafe madvise(first, count, MADV_HUGEPAGE)
  }
}
