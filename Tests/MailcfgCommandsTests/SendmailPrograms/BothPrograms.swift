import TestSupport
import Testing

/// Lines of shell that are run where sendmail runs, with its own programs in the path and again with ours.
struct BothPrograms {
  private let place: TemporaryDirectory
  private let site: SendmailSite

  init() throws {
    place = try TemporaryDirectory()
    try place.makeDirectory("site")
    site = try SendmailSite(mailDirectory: place.path("site"))
    for side in ["theirs", "ours"] {
      try place.makeDirectory(side)
      for program in [Tools.Program.makemap, .editmap, .newaliases, .praliases] {
        let name = program.rawValue.split(separator: "/").last.map(String.init) ?? ""
        let path = side == "ours" ? Tools.mailcfg : try Tools.path(program)
        let libraries = side == "ours" ? "" : Tools.environment["LD_LIBRARY_PATH"] ?? ""
        try place.write(
          "\(side)/\(name)", "#!/bin/bash\nLD_LIBRARY_PATH='\(libraries)' exec -a \(name) '\(path)' \"$@\"\n",
          mode: 0o755)
      }
    }
  }

  /// Runs a script in an empty directory with either kind, and sees that it prints the same.
  ///
  /// In it `$cf` is a sendmail.cf, `say` runs a command and prints its exit status, `dump` prints a map's pairs in order.
  ///
  /// - Returns: What it printed.
  @discardableResult
  func compare(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let theirs = try transcript(script, "theirs")
    let ours = try transcript(script, "ours")
    for (left, right) in zip(theirs, ours) where left != right {
      Issue.record("\(left)\n--- ours:\n\(right)", sourceLocation: sourceLocation)
    }
    #expect(theirs.count == ours.count, sourceLocation: sourceLocation)
    return theirs.joined(separator: "$ ")
  }

  /// What a script prints with one kind, command by command.
  private func transcript(_ script: String, _ side: String) throws -> [String] {
    let head = """
      unset LD_LIBRARY_PATH
      PATH='\(place.path(side))':$PATH cf='\(site.configuration)'
      rm -rf '\(place.path("work"))'; mkdir '\(place.path("work"))'; cd '\(place.path("work"))'
      say() { echo "$ $*"; "$@" 2>&1; echo "= $?"; }
      dump() { makemap -C /dev/null -u hash "$@" 2>&1 | tr -d '\\0' | LC_ALL=C sort; }
      export -f say dump

      """
    let outcome = try site.inNamespaces(["/bin/bash", "-c", head + script])
    #expect(outcome.errorText == "", "\(side)")
    return outcome.outputText.split(separator: "$ ", omittingEmptySubsequences: false).map(String.init)
  }
}
