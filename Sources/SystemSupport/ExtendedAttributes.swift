internal import CSystemSupport
internal import Glibc

/// The attributes of a file beyond owner and mode (xattr(7)): access list, security label, users' own.
extension Descriptor {
  /// The names of all attributes; none where the file system has no such thing.
  func attributeNames() throws(SystemError) -> [String] {
    while true {
      let size = flistxattr(number, nil, 0)
      if size < 0 {
        if errno == ENOTSUP { return [] }
        throw .last("flistxattr", path)
      }
      var list = [CChar](repeating: 0, count: size)
      let count = unsafe flistxattr(number, &list, size)
      if count < 0 && errno == ERANGE { continue }
      if count < 0 { throw .last("flistxattr", path) }
      return list.prefix(count).split(separator: 0).map {
        String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  }

  /// The value of an attribute; `nil` if there is none of this name.
  func attribute(_ name: String) throws(SystemError) -> [UInt8]? {
    while true {
      let size = unsafe fgetxattr(number, name, nil, 0)
      if size < 0 {
        if errno == ENODATA || errno == ENOTSUP { return nil }
        throw .last("fgetxattr", path)
      }
      var value = [UInt8](repeating: 0, count: size)
      let count = unsafe fgetxattr(number, name, &value, size)
      if count < 0 && errno == ERANGE { continue }
      if count < 0 { throw .last("fgetxattr", path) }
      return Array(value.prefix(count))
    }
  }

  /// Sets an attribute.
  func setAttribute(_ name: String, _ value: [UInt8]) throws(SystemError) {
    if unsafe fsetxattr(number, name, value, value.count, 0) != 0 { throw .last("fsetxattr", path) }
  }

  /// Removes an attribute; one that is not there is no error.
  func removeAttribute(_ name: String) throws(SystemError) {
    if unsafe fremovexattr(number, name) != 0 && errno != ENODATA && errno != ENOTSUP {
      throw .last("fremovexattr", path)
    }
  }
}
