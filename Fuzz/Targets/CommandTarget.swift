internal import ArgumentParser
internal import Glibc
internal import MailcfgCommands
internal import SendmailConfig

extension FuzzTarget {
  /// The command line, in this process, over a mail directory from the input: it ends with one of its exit codes; where it
  /// fails, every file is as it was; and whatever it does, only the table that was named changes.
  static let command = FuzzTarget("command", dictionary: "command") { input throws(FuzzFailure) in
    let arguments = input.strings(atMost: 7).map { String(decoding: $0, as: UTF8.self) }
    // Other directories, and other processes, are none of a fuzzer's business.
    for argument in arguments {
      let isForeign = ["--mail-dir", "--cf", "--reload", "--wait"].contains { argument.hasPrefix($0) }
      if isForeign || argument.utf8.contains(0) { return }
    }
    let directory = "\(Scratch.path)/etc-mail"
    Scratch.clear(directory)
    _ = unsafe mkdir(directory, 0o700)
    let names = ["access", "virtusertable", "aliases", "local-host-names"]
    for name in names where input.choice(of: 4) != 0 { _ = Scratch.write("etc-mail/\(name)", input.string()) }
    if input.choice(of: 4) == 1 {
      let text = configurations[input.choice(of: configurations.count)]
      _ = Scratch.write("etc-mail/sendmail.cf", Array(text(directory).utf8))
    }
    let before = contents(directory)
    let status = mailcfg(["--mail-dir", directory, "--wait", "0"] + arguments)
    let after = contents(directory)
    try require([0, 1, 64, 65, 66, 70, 73, 74, 75, 77, 78].contains(status), "exit code \(status)")
    try require(status != 70, "an internal error")
    let kept = [".mailcfg.lock", ".mailcfg.state", ".mailcfg.history"]
    let litter = after.keys.filter { $0.hasPrefix(".") && !kept.contains($0) }
    try require(litter.isEmpty, "left lying about: \(litter)")
    let changed = (names + ["sendmail.cf"]).filter { before[$0] != after[$0] }
    if status != 0 && status != 65 { try require(changed.isEmpty, "failed with \(status), and changed \(changed)") }
    if arguments.first == "init" || arguments.first == "undo" { return }
    try require(changed.count <= 1, "changed \(changed)")
    // Whatever was asked, no more than one entry a client, key or name comes.
    for name in changed where ["access", "virtusertable"].contains(name) {
      let (old, new) = (Table(before[name] ?? []), Table(after[name] ?? []))
      let came = Array(new.entries).count - Array(old.entries).count
      let isBlock = arguments.contains { $0.utf8.contains(0x2F) }
      try require(isBlock || came <= arguments.count, "\(came) entries came")
    }
  }

  private static let configurations: [@Sendable (String) -> String] = [
    { "V10/Berkeley\nKaccess btree -T<TMPF> \($0)/access\nKvirtuser hash -o \($0)/virtusertable\n" },
    { "V10/Berkeley\nO AliasFile=btree:\($0)/aliases\nFw\($0)/local-host-names %[^\\#]\n" },
    { "V10\nKaccess hash -f -o \($0)/access\nO AliasFile=\($0)/aliases,hash:-A \($0)/aliases\nCwlocalhost\n" },
  ]

  /// Runs the command line and gives its exit code.
  private static func mailcfg(_ arguments: [String]) -> Int32 {
    do {
      var command = try Mailcfg.parseAsRoot(arguments)
      try command.run()
      return 0
    } catch {
      return Mailcfg.exitCode(for: error).rawValue
    }
  }

  /// Every file of a directory.
  private static func contents(_ directory: String) -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in Scratch.names(directory) { result[name] = Scratch.read("\(directory)/\(name)") ?? [] }
    return result
  }
}
