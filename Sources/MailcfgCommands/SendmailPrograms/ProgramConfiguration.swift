internal import Glibc
internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// What makemap and editmap take from a sendmail.cf.
struct ProgramConfiguration {
  /// The file that is read where none is named.
  static let usualPath = Array("/etc/mail/sendmail.cf".utf8)

  var file = MakemapConfiguration([])
  /// The user to whom root gives maps.
  var trustedUser: UInt32?

  /// Reads the configuration: root does always, others where it is needed.
  ///
  /// - Returns: nil where it cannot be read, which has been said.
  static func read(_ path: [UInt8], needed: Bool, _ call: ProgramCall) -> ProgramConfiguration? {
    let isRoot = CurrentProcess.effectiveUser == 0
    guard isRoot || needed else { return ProgramConfiguration() }
    var result = ProgramConfiguration()
    do throws(SystemError) {
      result.file = MakemapConfiguration(try FileContents.anyBytes(of: String(path: path)))
    } catch {
      call.complain(ByteString(path) + ": " + ByteString(SafeFile.Refusal.system(error.errno).description))
      return nil
    }
    guard isRoot else { return result }
    for value in result.file.trustedUsers {
      // The last line counts, also where it names nobody.
      result.trustedUser = Account.user(ofOption: value.bytes)
      if result.trustedUser == nil {
        call.errors.write(Array("TrustedUser: unknown user ".utf8) + value.bytes + [ASCII.lineFeed])
      }
    }
    return result
  }

  /// What is said of a type that sendmail's programs know and were not built with; nil for any other.
  static func missingType(_ type: ByteString) -> ByteString? {
    switch type {
    case "dbm": "Need to recompile with -DNDBM for dbm support"
    case "cdb": "Need to recompile with -DCDB for cdb support"
    default: nil
    }
  }

  /// Sees that a map may be used, and warns root of directories that others may write to.
  static func check(_ map: MapFile, for use: MapFile.Use, _ call: ProgramCall) throws(MapFileError) {
    let warnings = CurrentProcess.effectiveUser == 0 ? map.warnings : []
    try map.check(for: use) { for warning in warnings { call.errors.write(warning.pathBytes + [ASCII.lineFeed]) } }
  }
}

/// The exit statuses of sysexits.h that sendmail's programs have.
enum ExitStatus {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let noInput: Int32 = 66
  static let unavailable: Int32 = 69
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74
}

extension ByteString {
  /// One behind the other.
  static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}
