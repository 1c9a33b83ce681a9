internal import Glibc

/// Where a symbolic link leads to, as it is written in the link.
///
/// - Throws: `SystemError` with what `readlink` reported, also where there is something else than a link.
func linkTarget(_ path: String) throws(SystemError) -> String {
  let target: String? = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
    guard let start = buffer.baseAddress else { return nil }
    let count = unsafe path.withPath { unsafe readlink($0, start, buffer.count) }
    return count < 0 ? nil : unsafe String(path: Array(buffer[..<count]))
  }
  guard let target else { throw .last("readlink", path) }
  return target
}
