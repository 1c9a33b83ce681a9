internal import Glibc
internal import SendmailConfig
internal import SystemSupport

extension MailDirectory {
  /// Where daemons leave their process id when sendmail.cf does not say.
  private static let usualPidFiles = [
    "/run/sendmail/mta/sendmail.pid", "/run/sendmail.pid", "/var/run/sendmail.pid",
  ]

  /// Tells the running sendmail to start anew (SIGHUP), so that it reads class files and sendmail.cf again.
  ///
  /// The process is found by the pid file that option `PidFile` names, else by the usual ones. It has to be a daemon that
  /// was started by its whole path.
  ///
  /// - Returns: The process id.
  /// - Throws: ``MailDirectoryError`` where there is no pid file, or no such process, or the right to signal it is missing.
  @discardableResult
  public func reload() throws(MailDirectoryError) -> Int32 {
    let named = locations.configuration?.option(named: "PidFile").map { $0.value.description }
    let paths = named.map { [$0] } ?? MailDirectory.usualPidFiles
    for path in paths {
      guard let contents = try? FileContents(path) else { continue }
      let digits = contents.bytes.trimming(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) }
      // Process 1 and groups of processes (0, negative) are nobody's sendmail.
      guard let process = Int32(String(decoding: digits, as: UTF8.self)), process > 1 else {
        throw MailDirectoryError(.badData, "\(path): there is no process id in it; sendmail was not told")
      }
      guard kill(process, SIGHUP) == 0 else {
        let error = SystemError(call: "kill", path: "process \(process) of \(path)", errno: errno)
        throw MailDirectoryError(errno == EPERM ? .permission : .inputOutput, "\(error); sendmail was not told")
      }
      return process
    }
    throw MailDirectoryError(
      .missing, "there is no pid file (\(paths.joined(separator: ", "))); sendmail was not told: restart it")
  }
}
