internal import Glibc

/// The file that a change's journal is kept in, `.mailcfg.journal` in the mail directory.
final class JournalFile {
  static let fileName = ".mailcfg.journal"

  private let directory: Directory
  private let file: Descriptor
  private(set) var text = ChangeJournal.header

  /// Begins a journal.
  ///
  /// - Throws: ``FileProblem/unfinishedChange`` if there is one.
  init(in directory: Directory) throws(SystemError) {
    self.directory = directory
    do {
      file = try directory.open(Self.fileName, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    } catch {
      if error.errno != EEXIST { throw error }
      throw SystemError(.unfinishedChange, call: "open", path: directory.path)
    }
    do {
      try file.write(text.utf8.span)
    } catch {
      try? remove()
      throw error
    }
  }

  /// Notes a place before it is made.
  func add(stage: String) throws(SystemError) {
    // A copy of this directory that is made while the change is under way is to do nothing elsewhere.
    let isFirst = stage.hasPrefix("/") && !text.contains("\nstage /")
    let line = (isFirst ? ChangeJournal.line(home: directory.path) : "") + ChangeJournal.line(stage: stage)
    try file.write(line.utf8.span)
    text += line
  }

  /// Notes what is to be put into place, and what is to be added to a file then.
  ///
  /// With `lasting`, waits until that is on the disk; the journal's own name is the caller's care.
  func commit(
    _ replacements: [ChangeJournal.Replacement], _ append: ChangeJournal.Append?, lasting: Bool
  ) throws(SystemError) {
    try file.write(ChangeJournal.ending(of: text, replacements, append).utf8.span)
    if lasting { try file.sync() }
  }

  /// Takes the commit back, after everything is as it was.
  func uncommit() throws(SystemError) {
    if uninterrupted({ ftruncate(file.number, text.utf8.count) }) != 0 { throw .last("ftruncate", file.path) }
  }

  /// Removes the journal: nothing is left to do.
  func remove() throws(SystemError) { try directory.unlink(Self.fileName) }
}
