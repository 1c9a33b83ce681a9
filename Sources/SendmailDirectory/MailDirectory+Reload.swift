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
  /// was started by its whole path. A pid file may be left of a daemon that has ended, and its number be another process's by
  /// now, or anybody may have written it: nothing but a sendmail is signalled.
  ///
  /// The running sendmail reads nothing of a copy of a mail directory, and is not told of it.
  ///
  /// - Returns: The process id.
  /// - Throws: ``MailDirectoryError`` where there is no pid file, or it is not to be believed, or no such process, or the right to
  ///   signal it is missing.
  @discardableResult
  public func reload() throws(MailDirectoryError) -> Int32 {
    if let home = locations.home {
      throw MailDirectoryError(
        .configuration, "\(path) is a copy of \(home), and sendmail reads the names there; sendmail was not told")
    }
    let named = locations.configuration?.option(named: "PidFile").map { $0.value.description }
    let paths = named.map { [$0] } ?? MailDirectory.usualPidFiles
    for path in paths {
      guard let contents = try? FileContents(path) else { continue }
      let digits = contents.bytes.trimming(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) }
      // Process 1 and groups of processes (0, negative) are nobody's sendmail.
      guard let process = Int32(String(decoding: digits, as: UTF8.self)), process > 1 else {
        throw MailDirectoryError(.badData, "\(path): there is no process id in it; sendmail was not told")
      }
      try check(ForeignProcess(process), of: path, contents.status.owner)
      guard kill(process, SIGHUP) == 0 else {
        let error = SystemError(call: "kill", path: "process \(process) of \(path)", errno: errno)
        throw MailDirectoryError(errno == EPERM ? .permission : .inputOutput, "\(error); sendmail was not told")
      }
      return process
    }
    throw MailDirectoryError(
      .missing, "there is no pid file (\(paths.joined(separator: ", "))); sendmail was not told: restart it")
  }

  /// Sees that the process of a pid file is a sendmail, and the file its own or root's.
  private func check(_ process: ForeignProcess, of path: String, _ owner: UInt32) throws(MailDirectoryError) {
    // Of one that is not there the signal tells.
    guard let name = process.programName, let user = process.user else { return }
    guard name.hasPrefix("sendmail") else {
      throw MailDirectoryError(
        .badData,
        "\(path): process \(process.number) is \(name), not sendmail; the file may be left of a daemon that has ended; "
          + "sendmail was not told: restart it")
    }
    // In the word of another user's sendmail.cf nobody is trusted.
    let trusted = locations.foreigners.isEmpty ? locations.trustedUser : nil
    guard [0, user, trusted].contains(owner) else {
      throw MailDirectoryError(
        .permission,
        "\(path): it belongs to user \(owner), but process \(process.number) to user \(user); sendmail was not told: restart "
          + "it, or chown the file if it is sendmail's own")
    }
  }
}
