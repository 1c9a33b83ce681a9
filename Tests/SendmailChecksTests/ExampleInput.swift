import SendmailChecks
import SendmailConfig
import SendmailEvaluator
import TestSupport

/// What an example of the documentation gives to the checks: a host of its own, with a few accounts and files.
enum ExampleInput {
  static let accounts: Set<String> = ["root", "anna", "bernd", "nobody", "sales", "mail", "bin", "daemon"]

  static func make(_ example: DocumentedCheck.Example) throws -> CheckInput {
    let listing = Listing(example["ls"] ?? [])
    var input = CheckInput(machine: machine(example, listing))
    input.hostNames = Set(["example.org", "local.example", "xn--bcher-kva.example"].map { Array($0.utf8) })
    if let mc = example["sendmail.mc"] {
      input.configuration = CheckedText(
        path: "sendmail.cf", content: ConfigurationFile(try DocumentedCheck.configuration(mc)))
    } else if let cf = example["sendmail.cf"] {
      input.configuration = CheckedText(path: "sendmail.cf", content: ConfigurationFile(cf))
    }
    let configuration = input.configuration?.content
    input.startMessages = configuration.map { Configuration($0.text.bytes).diagnostics } ?? []
    if let bytes = example["access"] {
      let isCompressed = configuration?.usesCompressedIPv6Addresses ?? false
      input.access = CheckedText(
        path: "access", content: AccessTable(bytes, ipv6Form: isCompressed ? .compressed : .uncompressed))
    }
    if let bytes = example["virtusertable"] {
      input.virtualUsers = CheckedText(path: "virtusertable", content: VirtualUserTable(bytes))
    }
    if let bytes = example["aliases"] {
      input.aliases = CheckedText(
        path: "aliases", content: AliasesFile(bytes, hosts: LocalHosts(names: input.hostNames ?? [])))
    }
    if let bytes = example["mailertable"] { input.mailers = CheckedText(path: "mailertable", content: Table(bytes)) }
    if let bytes = example["genericstable"] {
      input.generics = CheckedText(path: "genericstable", content: Table(bytes))
    }
    for (name, className, purpose) in [
      ("local-host-names", "w", ClassFile.Purpose.localHosts), ("relay-domains", "R", .relayDomains),
    ] {
      guard let bytes = example[name] else { continue }
      let format = configuration?.classSources(of: ByteString(className)).first?.format ?? .firstWord
      input.classes.append(
        CheckedText(
          path: name,
          content: CheckedClassFile(
            className: ByteString(className), file: ClassFile(bytes, format: format, purpose: purpose))))
    }
    input.files = listing.states(configuration)
    // The name in the one line of hosts(5).
    let names = (example["hosts"] ?? []).split { $0 == 0x20 || $0 == 0x0A }.dropFirst()
    if !names.contains(where: { $0.contains(0x2E) }) { input.unqualifiedHost = names.first.map { ByteString($0) } }
    return input
  }

  private static func machine(_ example: DocumentedCheck.Example, _ listing: Listing) -> Machine {
    Machine(
      hasAccount: { accounts.contains($0.description.lowercased()) },
      file: { path in
        let name = path.description
        if name.hasPrefix("/list/") {
          guard let facts = listing.facts[name] ?? (example[name] == nil ? nil : FileFacts()) else { return .missing }
          return .present(facts, contents: example[name])
        }
        return name == "/bin/cat" ? .present(FileFacts(mode: 0o755), contents: nil) : .missing
      })
  }

  /// The lines of an `ls` block.
  struct Listing: Sendable {
    var facts: [String: FileFacts] = [:]
    var missing: [String] = []
    var directories: [FileFacts.Directory] = []

    init(_ bytes: [UInt8]) {
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 3 else { continue }
        guard words[0].count == 10 else {
          missing.append(words[2])
          continue
        }
        let mode = words[0].dropFirst().reduce(UInt32(0)) { $0 << 1 | ($1 == "-" ? 0 : 1) }
        if words[0].hasPrefix("d") {
          directories.append(FileFacts.Directory(path: words[2], mode: mode))
        } else {
          facts[words[2]] = FileFacts(
            mode: mode, owner: words[1] == "root" ? 0 : 8, isLink: words[0].hasPrefix("l"))
        }
      }
    }

    func states(_ configuration: ConfigurationFile?) -> [FileState] {
      var result: [FileState] = []
      for (path, facts) in facts.sorted(by: { $0.key < $1.key }) where path.hasPrefix("/etc/mail/") {
        var facts = facts
        facts.directories = facts.isLink ? [] : directories
        facts.targetDirectories = facts.isLink ? directories : []
        let name = String(path.dropFirst("/etc/mail/".count))
        let text = name.hasSuffix(".db") ? String(name.dropLast(3)) : name
        let role: FileState.Role =
          name.hasSuffix(".db") ? .map : name == "aliases" ? .aliases : name == "access" ? .table : .classFile
        result.append(FileState(path: path, textPath: text, role: role, facts: facts))
      }
      for path in missing {
        let source = configuration?.classSources.first { $0.path.description == path }
        result.append(
          FileState(
            path: path, role: .classFile, facts: nil, configurationLine: source?.line,
            isOptional: source?.isOptional ?? false))
      }
      return result
    }
  }
}
