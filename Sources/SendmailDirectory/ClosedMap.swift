internal import Glibc
internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import SystemSupport

/// Why a built map cannot be opened, as sendmail tells it.
enum ClosedMap: Error {
  /// There is none.
  case missing
  /// It is not trusted, or may not be read.
  case refused(reason: String)
  /// It is no database of its type.
  case noDatabase

  /// What the system said of the file.
  init(errno number: Int32) {
    self = number == ENOENT ? .missing : .refused(reason: ClosedMap.words(number))
  }

  init(_ error: MapError) {
    if error.isMissing {
      self = .missing
    } else if error.isPermission {
      self.init(errno: EACCES)
    } else {
      self = error.isNotRegular ? .refused(reason: "Regular files only") : .noDatabase
    }
  }

  init(_ refusal: AliasFileSafety.Refusal) {
    self = refusal.reason == ClosedMap.words(ENOENT) ? .missing : .refused(reason: refusal.reason)
  }

  /// The line about a map that sendmail.cf declares; nil for one that sendmail does without (`-o`), and for one of another class
  /// than `hash` and `btree`, of which it says nothing.
  func complaint(of map: MapDefinition) -> ByteString? {
    let declaration = map.declaration
    guard ["hash", "btree"].contains(declaration.mapClass), !declaration.flags.isOptional, let file = declaration.file
    else { return nil }
    let mapClass = declaration.mapClass
    let (what, reason) =
      switch self {
      case .missing: ("\(mapClass) map \"\(map.name)\": missing map file ", ClosedMap.words(ENOENT))
      case .refused(let reason): ("\(mapClass) map \"\(map.name)\": unsafe map file ", reason)
      case .noDatabase: ("Cannot open \(mapClass) database ", ClosedMap.words(EINVAL))
      }
    let path = TableLocation.mapPath(String(path: file.bytes)).pathBytes
    return ByteString(Array(what.utf8) + path + Array(": \(reason)".utf8))
  }

  /// The system's words for an error.
  private static func words(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
