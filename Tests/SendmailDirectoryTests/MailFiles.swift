import Glibc
import SendmailConfig
import SendmailDirectory
import TestSupport
import Testing

extension TemporaryDirectory {
  /// What a test compares to see that no file was touched, nor one added; without our lock file, which stays.
  func files() throws -> [String] { try snapshot().filter { !$0.hasPrefix(".mailcfg.lock ") } }

  /// The names of the files, without our lock file, what is known of maps and the history.
  func names() throws -> [String] {
    try listDirectory(path).filter { ![".mailcfg.lock", ".mailcfg.state", ".mailcfg.history"].contains($0) }
  }

  /// The records of a map, sorted, read with `db5.3_dump`.
  func pairs(_ map: String) throws -> [DumpedMap.Pair] { try DumpedMap(path: path(map)).sortedPairs }

  /// Copies the files of a fixture byte for byte, `sendmail.cf` with its paths in /etc/mail too.
  func copyAsItIs(_ fixture: String) throws {
    for file in try listDirectory(Fixtures.path(fixture)) { try write(file, try Fixtures.bytes("\(fixture)/\(file)")) }
  }
}

/// Runs what has to fail for a mail directory, and gives the error.
func failure(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) throws -> MailDirectoryError
{
  do {
    try body()
  } catch let error as MailDirectoryError {
    return error
  }
  Issue.record("it did not fail", sourceLocation: sourceLocation)
  throw TestSupportError("it did not fail")
}

extension MailDirectory {
  /// Makes a change that has to fail, and gives the error.
  func refusal(
    of tables: Set<MailTable>? = nil, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout MailTables) throws(EditError) -> Void
  ) throws -> MailDirectoryError {
    let change: MailChange
    do {
      change = try self.change(to: tables, edit)
    } catch let error as MailDirectoryError {
      return error
    }
    throw TestSupportError("it was not refused: \(comment)\n\(change.diff)")
  }
}
