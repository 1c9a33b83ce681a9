internal import BerkeleyDB

extension MapError {
  /// Whether the map is not there.
  public var isMissing: Bool { underlying?.code == .ENOENT }
  /// Whether a permission is missing.
  public var isPermission: Bool { underlying?.code == .EACCES }
  /// Whether the system could not do it, a full disk among the reasons, and the map's contents are not to blame.
  public var isInputOutput: Bool {
    guard let code = underlying?.code, code.rawValue > 0 else { return false }
    // libdb says EINVAL of most bad files.
    return ![.ENOENT, .EACCES, .EEXIST, .EINVAL, .EISDIR].contains(code)
  }
  /// Whether there is something else than a file in its place.
  public var isNotRegular: Bool { underlying?.code == .notARegularFile || underlying?.code == .EISDIR }
  /// Whether the file has no byte in it: a map that was never built.
  public var isEmptyFile: Bool { underlying?.code == .emptyFile }
  /// Whether the file is in the format of Berkeley DB 1.85.
  public var isVersion185: Bool { underlying?.code == .version185 }
}
