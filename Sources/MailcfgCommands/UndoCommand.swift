internal import ArgumentParser
internal import SendmailDirectory

/// `mailcfg undo`: a change taken back.
struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Takes back the last change, or the one with a number, and builds the maps.",
    discussion: """
      What others have changed since, in other lines, stays. Where they changed the same lines nothing is done: exit code \
      65, and what they made of the lines as a diff. An undo can be undone by its number, which makes the change again.

      EXAMPLES
        mailcfg undo
        mailcfg --dry-run undo 12
        mailcfg undo 12
      """)

  @Argument(
    help: ArgumentHelp(
      "The number of the change, see mailcfg history (default: the last one that is not undone).", valueName: "id"))
  var id: Int?
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let undo = try directory.undo(id, options: options.changeOptions)
      var remarks = Remarks(path: directory.path)
      if undo.change.texts.isEmpty {
        let why =
          switch undo.record {
          case nil: "there is no change to undo"
          case let record? where record.undoneBy != nil:
            "change \(record.id) is undone already, by change \(record.undoneBy ?? 0)"
          case let record?: "everything is as it was before change \(record.id)"
          }
        remarks.unchanged = ["\(directory.path): \(why); nothing to do"]
      }
      try output.report(undo.change, remarks)
    }
  }
}
