internal import SendmailConfig

/// What checks of one table may ask about the others.
struct CheckContext {
  let input: CheckInput
  let facts: ConfigurationFacts
  /// The names of this host: class w, as far as it is known; nil where it is not.
  let localHosts: Set<[UInt8]>?
  /// The members of class VirtHost that are known.
  let virtualHosts: Set<[UInt8]>
  /// Whether class VirtHost has members that are not known.
  let mayHaveMoreVirtualHosts: Bool
  /// The aliases and where they lead; nil without any.
  var aliases: AliasGraph?
  /// The virtual users and where they lead; nil without any.
  var virtualUsers: VirtualUserRoutes?

  init(_ input: CheckInput) {
    self.input = input
    facts = ConfigurationFacts(input.configuration?.content)
    let configuration = input.configuration?.content
    var hosts = input.hostNames
    var virtual: Set<[UInt8]> = []
    for source in input.classes {
      let words = source.content.file.members.map { $0.word.folded.bytes }
      if source.content.className == "w" { hosts = (hosts ?? []).union(words) }
      if source.content.className == "VirtHost" { virtual.formUnion(words) }
    }
    if let configuration {
      hosts = (hosts ?? []).union(configuration.classWords(of: "w").words.map { $0.word.folded.bytes })
      virtual.formUnion(configuration.classWords(of: "VirtHost").words.map { $0.word.folded.bytes })
    }
    hosts?.insert(Array("localhost".utf8))
    let known = Set(input.classes.map(\.content.className))
    // What a program, a map or another class adds is not known, nor what is in a file that was not read.
    let own = configuration?.classSources(of: "w") ?? []
    if own.contains(where: { $0.kind != .file }) || (!own.isEmpty && !known.contains("w"))
      || !(configuration?.classWords(of: "w").copiedClasses.isEmpty ?? true)
    {
      hosts = nil
    }
    localHosts = hosts
    virtualHosts = virtual
    let sources = configuration?.classSources(of: "VirtHost") ?? []
    mayHaveMoreVirtualHosts =
      sources.contains { $0.kind != .file } || (!sources.isEmpty && !known.contains("VirtHost"))
      || !(configuration?.classWords(of: "VirtHost").copiedClasses.isEmpty ?? true)
      || !(configuration?.classWords(of: "VirtHost").unknown.isEmpty ?? true)
  }

  /// The domains whose addresses are looked up among the virtual users; nil where there may be others.
  var virtualDomains: Set<[UInt8]>? {
    guard let localHosts, !mayHaveMoreVirtualHosts, !facts.takesVirtualSubdomains else { return nil }
    return localHosts.union(virtualHosts)
  }

  /// The domains of this host and all that they are in: what an entry for a domain and all below it may be about.
  var ownDomains: Set<[UInt8]> {
    var result: Set<[UInt8]> = []
    for name in (localHosts ?? []).union(virtualHosts) where name != Array("localhost".utf8) {
      result.insert(name)
      for index in name.indices where name[index] == 0x2E { result.insert(Array(name[(index + 1)...])) }
    }
    return result
  }

  /// This host's domains that are a domain or below it, in order.
  func ownHosts(in domain: [UInt8]) -> [[UInt8]] {
    (localHosts ?? []).union(virtualHosts).filter { name in
      name.count >= domain.count && name.suffix(domain.count).elementsEqual(domain)
        && (name.count == domain.count || name[name.count - domain.count - 1] == 0x2E)
    }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Whether mail for a domain is taken by this host; nil where that is not known.
  func isLocal(_ domain: [UInt8]) -> Bool? {
    let name = domain.map(ASCII.lowercased)
    if localHosts?.contains(name) ?? false { return true }
    return localHosts == nil ? nil : false
  }

  /// Whether addresses of a domain are looked up among the virtual users; nil where that is not known.
  func isVirtual(_ domain: [UInt8]) -> Bool? {
    let name = domain.map(ASCII.lowercased)
    if localHosts?.contains(name) ?? false { return true }
    if virtualHosts.contains(name) { return true }
    if facts.takesVirtualSubdomains {
      for index in name.indices where name[index] == 0x2E && virtualHosts.contains(Array(name[(index + 1)...])) {
        return true
      }
    }
    return localHosts == nil || mayHaveMoreVirtualHosts ? nil : false
  }
}
