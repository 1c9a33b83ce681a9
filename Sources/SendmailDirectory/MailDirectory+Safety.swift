internal import SendmailChecks
internal import SendmailConfig
internal import SystemSupport

extension MailDirectory {
  /// What of modes and owners keeps sendmail, or its newaliases, from a file, by the codes of checks.
  private static let refusals: Set = ["file.unsafe-directory", "file.unsafe-aliases", "file.unreadable"]

  /// Refuses a change whose files sendmail would call unsafe and not open.
  ///
  /// How careful sendmail is stands in sendmail.cf (option DontBlameSendmail). Without one nobody can tell, and a copy of a mail
  /// directory is no place that sendmail reads: nothing is refused there.
  ///
  /// - Throws: ``MailDirectoryError/Code/permission``, with the command that mends it.
  func checkSafety(of change: MailChange) throws(MailDirectoryError) {
    guard let configuration = locations.configuration, let path = configurationPath, locations.home == nil else {
      return
    }
    let states = try fileStates(of: change)
    // Modes are usually as they should be, and the rest of sendmail.cf need not be read then.
    guard states.contains(where: isSuspicious) else { return }
    var input = CheckInput(machine: Machine())
    input.configuration = CheckedText(path: path, content: configuration)
    input.trustedUser = locations.trustedUser
    input.files = states
    // As another user sendmail may read what root, by its own rules, may not.
    let runsAsRoot = CurrentProcess.effectiveUser == 0 && configuration.option(named: "RunAsUser") == nil
    for finding in Checker().run(input).findings where finding.diagnostic.severity == .error {
      let code = finding.diagnostic.code.rawValue
      guard MailDirectory.refusals.contains(code), code != "file.unreadable" || runsAsRoot else { continue }
      throw MailDirectoryError(
        .permission,
        "\(finding.path): nothing was changed: \(finding.diagnostic.message); \(finding.diagnostic.remedy)")
    }
  }

  /// The files that will be in place, as they will be.
  private func fileStates(of change: MailChange) throws(MailDirectoryError) -> [FileState] {
    var states: [FileState] = []
    for text in change.texts where text.table == .host {
      states.append(FileState(path: text.path, role: .classFile, facts: FileFacts(at: text.path)))
    }
    for map in change.maps where map.isRebuilt {
      let location = try locations.location(of: map.table)
      let text = FileFacts(at: location.path)
      if map.table == .alias { states.append(FileState(path: location.path, role: .aliases, facts: text)) }
      let new = FileFacts(
        mode: 0o640, owner: locations.mapOwner ?? CurrentProcess.effectiveUser, directories: text?.directories ?? [])
      states.append(
        FileState(
          path: map.path, textPath: location.path, role: .map, facts: FileFacts(at: map.path) ?? new,
          isOptional: mapFacts(map.table).isOptional ?? false))
    }
    return states
  }

  /// Whether a file could be one that sendmail does not take, however careful it is.
  private func isSuspicious(_ state: FileState) -> Bool {
    guard let facts = state.facts else { return false }
    if state.role == .aliases { return facts.mode & 0o133 != 0 || facts.mode & 0o444 == 0 }
    let isOwn = facts.owner == 0 || facts.owner == locations.trustedUser
    return facts.directories.contains { $0.mode & 0o022 != 0 } || facts.mode & (isOwn ? 0o400 : 0o004) == 0
  }
}
