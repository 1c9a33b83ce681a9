internal import SendmailConfig

/// The list of mailers (`=M`).
extension TestMode {
  func showMailers(_ text: inout TestModeText) {
    for (number, mailer) in configuration.mailers.enumerated() {
      let sets = mailer.rewriting.map { set in
        let name = set < configuration.ruleSets.count ? configuration.ruleSets[set].name.description : ""
        return name.isEmpty ? "\(set)" : name
      }
      text.add("mailer \(number) (\(mailer.name)): P=\(mailer.path) S=\(sets[0])/\(sets[1]) R=\(sets[2])/\(sets[3]) ")
      text.add("M=\(TestMode.number(mailer.fields["M"])) U=\(user(of: mailer)) ")
      text.add("F=\(ByteString(mailer.flags.sorted())) L=\(TestMode.number(mailer.fields["L"])) ")
      text.add("E=\(TestMode.lineEnd(of: mailer))")
      if let set = mailer.fields["C"] { text.add(" C=\(set)") }
      text.line(" T=\(TestMode.types(of: mailer)) r=\(recipients(of: mailer)) A=\(mailer.arguments)")
    }
  }

  private static func number(_ value: ByteString?) -> Int {
    value.flatMap { ConfigurationLine.number($0.bytes[...]) } ?? 0
  }

  /// How many recipients one delivery takes; where that is not more than none, a hundred.
  private func recipients(of mailer: Mailer) -> Int {
    let number = TestMode.number(mailer.fields["r"])
    return number > 0 ? number : 100
  }

  /// What ends lines; a mailer whose arguments name no user is taken for one that speaks SMTP.
  private static func lineEnd(of mailer: Mailer) -> String {
    guard let end = mailer.fields["E"] else {
      return mailer.arguments.description.contains("$u") ? "\\n" : "\\r\\n"
    }
    return end.bytes.map { byte in
      byte == ASCII.carriageReturn ? "\\r" : byte == ASCII.lineFeed ? "\\n" : ByteString([byte]).description
    }.joined()
  }

  /// How names, addresses and diagnostics are written (`T=`); a mailer over the network has defaults.
  private static func types(of mailer: Mailer) -> String {
    let given = mailer.fields["T"]?.bytes.split(separator: 0x2F, omittingEmptySubsequences: false) ?? []
    let usual = ["dns", "rfc822", "smtp"]
    let isRemote = mailer.path == "[IPC]" || !given.isEmpty
    let own = mailer.line == 0 && mailer.path == "[FILE]"
    return (0..<3).map { place in
      if place < given.count { return ByteString(given[place]).description }
      return own ? "X-Unix" : isRemote ? usual[place] : "<undefined>"
    }.joined(separator: "/")
  }

  /// The numbers of the user and the group that a mailer runs as; -1 where it names none.
  private func user(of mailer: Mailer) -> String {
    guard let value = mailer.fields["U"] else { return "-1:-1" }
    let parts = value.bytes.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == ASCII.colon || $0 == 0x2E }
    let name = ByteString(parts[0].trimming(while: ASCII.isSpace))
    var account: AccountEntry?
    if case .found(let text, _) = rewriter.lookups.account(name) { account = AccountEntry(text) }
    let user = name.bytes.allSatisfy(ASCII.isDigit) ? name.description : account?[.user]?.description ?? "-1"
    guard parts.count > 1 else { return "\(user):\(account?[.group]?.description ?? "-1")" }
    let group = ByteString(parts[1].trimming(while: ASCII.isSpace))
    if group.bytes.allSatisfy(ASCII.isDigit) { return "\(user):\(group)" }
    // Only accounts can be asked: the group of the same name is nearly always the account's own.
    return "\(user):\(group == name ? account?[.group]?.description ?? "-1" : "-1")"
  }
}
