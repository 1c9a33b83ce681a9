internal import SendmailConfig
internal import SystemSupport

/// Which maps sendmail does not open for their modes, owners and directories (option DontBlameSendmail), as far as that can be
/// told from here.
struct MapSafety: Sendable {
  /// nil where nobody can tell: in a copy of a mail directory.
  private let safety: AliasFileSafety?
  /// Whether the modes of files count: as another user sendmail may read what root, by its own rules, may not.
  private let countsModes: Bool

  init(_ locations: TableLocations) {
    guard let configuration = locations.configuration, locations.home == nil else {
      (safety, countsModes) = (nil, false)
      return
    }
    let leniency = configuration.notBlamed.reduce(into: AliasFileSafety.Leniency()) { all, word in
      if let one = AliasSite.leniencies[word] { all.formUnion(one) }
    }
    safety = AliasFileSafety(leniency, trustedUser: locations.trustedUser ?? 0)
    countsModes = CurrentProcess.effectiveUser == 0 && configuration.option(named: "RunAsUser") == nil
  }

  /// Sees that sendmail opens a map.
  func check(_ path: String) throws(AliasFileSafety.Refusal) {
    try safety?.checkLookUps(path, countsModes: countsModes)
  }
}
