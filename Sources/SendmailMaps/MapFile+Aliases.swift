internal import SystemSupport

extension MapFile {
  /// Reads the map as praliases(8) does.
  ///
  /// - Returns: How often the file's path was checked, each time with its warnings; and why the map cannot be read.
  package func readAliases(_ body: (MapReader) throws(MapError) -> Void) -> (checks: Int, error: MapFileError?) {
    var checks = 0
    func attempt(_ type: MapType) -> MapFileError? {
      var map = self
      map.type = type
      // praliases looks once at what is not there, and otherwise once more when it opens it.
      checks += 2
      do throws(MapFileError) {
        try map.check(for: .reading)
        try map.read(body)
        return nil
      } catch {
        if error.reason == "No such file or directory" { checks -= 1 }
        return error.reason == "Regular files only" ? MapFileError(.opening, reason: reasonOfNoFile) : error
      }
    }
    if let type {
      let error = attempt(type)
      return (checks, error)
    }
    let first = attempt(.hash)
    guard let first, ["No such file or directory", "Invalid argument"].contains(first.reason) else {
      return (checks, first)
    }
    let second = attempt(.btree)
    guard let second, ["No such file or directory", "Invalid argument"].contains(second.reason) else {
      return (checks, second)
    }
    return (checks, MapFileError(.opening, reason: MapFileError.unknownType))
  }

  /// What praliases says of what is no file, having opened it.
  ///
  /// With a pipe it would wait for somebody to write to it.
  private var reasonOfNoFile: String {
    switch FileStatus(following: path)?.kind {
    case .directory: "Is a directory"
    case .device: "Invalid argument"
    case .socket: "No such device or address"
    default: "Regular files only"
    }
  }
}
