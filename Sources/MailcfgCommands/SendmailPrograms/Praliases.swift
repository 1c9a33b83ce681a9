internal import SendmailConfig
internal import SystemSupport

/// `praliases`, as sendmail's own program of that name.
enum Praliases {
  /// Does what the command line asks for.
  ///
  /// - Returns: The exit status.
  static func run(_ call: ProgramCall) -> Int32 {
    call.complain("not written yet")
    return 70
  }
}
