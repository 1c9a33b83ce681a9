package import SendmailConfig
internal import SendmailEvaluator
package import SystemSupport

/// The names that this machine goes by, as sendmail finds them when it starts: by the host name, hosts(5) and the interfaces.
///
/// The network is not asked: where hosts(5) does not know the machine, sendmail would go on to the resolver, which mostly says
/// what the host name or `Dj` says.
package struct MachineNames: Sendable {
  /// The host name (`$k`), such as `mx`.
  package let node: ByteString
  /// The full name (`$j` where sendmail.cf sets none), such as `mx.example.org`; the host name where nothing longer is known.
  package let full: ByteString
  /// What class `w` begins with: these names, the others of the machine's lines in hosts(5), and their addresses in brackets.
  package let names: [ByteString]
  /// The addresses of interfaces, in brackets, and their names in hosts(5) without.
  package let interfaceNames: [ByteString]

  /// What sendmail looks up of the interfaces (option `DontProbeInterfaces`).
  package enum Probe: Sendable {
    case addressesAndNames, noNamesOfLoopback, nothing

    init(_ option: ConfigurationOption?) {
      guard let option else {
        self = .addressesAndNames
        return
      }
      self = option.value.folded == "loopback" ? .noNamesOfLoopback : option.isTrue ? .nothing : .addressesAndNames
    }
  }

  /// Finds the names.
  ///
  /// - Parameters:
  ///   - node: The host name.
  ///   - hosts: The bytes of `/etc/hosts`.
  ///   - mergesLines: Whether several lines of one name count, and not only the first (`multi on` in host.conf(5)).
  ///   - interfaces: The machine's interfaces.
  ///   - probe: What is looked up of them.
  /// - Complexity: O(*n*) in bytes of `hosts`.
  package init(
    node: ByteString, hosts: [UInt8], mergesLines: Bool, interfaces: [NetworkInterface], probe: Probe
  ) {
    let lines = HostsLine.lines(of: hosts)
    // IPv6 first; a line of the one counts where there is none of the other.
    var own = lines.filter { $0.isIPv6 && $0.has(node) }
    if own.isEmpty { own = lines.compactMap(\.forIPv4).filter { $0.has(node) } }
    if !mergesLines { own = Array(own.prefix(1)) }
    let first = own.first?.names[0] ?? node
    var others = Array(own.first?.names.dropFirst() ?? [])
    for line in own.dropFirst() {
      others += (line.names.dropFirst() + line.names.prefix(1)).filter { $0.folded != first.folded }
    }
    // The line's first name, unless it is shorter than what is known; else another with a domain, there or wherever it stands.
    var full = first.hasDot || !node.hasDot ? first : node
    if !full.hasDot {
      full =
        others.first(where: \.hasDot)
        ?? lines.first { $0.has(first) }?.names.first(where: \.hasDot) ?? first
    }
    self.node = node
    self.full = full
    lacksDomain = !own.isEmpty && !full.hasDot
    names = [node, full] + others + own.map { MachineNames.bracketed($0.address) }
    guard probe != .nothing else {
      interfaceNames = []
      return
    }
    interfaceNames = interfaces.flatMap { interface in
      let address = IPAddress(ipv4: interface.address)
      let isNamed = probe == .addressesAndNames || !interface.isLoopback
      let line = isNamed ? lines.lazy.compactMap(\.forIPv4).first { $0.address == address } : nil
      return [MachineNames.bracketed(address)] + (line?.names ?? [])
    }
  }

  /// Those of the machine that this runs on.
  ///
  /// - Parameter probe: What is looked up of its interfaces.
  package init(probe: Probe) {
    let settings = (try? FileContents("/etc/host.conf").bytes) ?? []
    let mergesLines = settings.split(separator: ASCII.lineFeed).contains { line in
      let words = line.prefix { $0 != ASCII.numberSign }.split(whereSeparator: ASCII.isSpace)
      return words.map { ByteString($0).folded } == ["multi", "on"]
    }
    self.init(
      node: ByteString(CurrentProcess.hostName), hosts: (try? FileContents("/etc/hosts").bytes) ?? [],
      mergesLines: mergesLines, interfaces: probe == .nothing ? [] : NetworkInterface.all, probe: probe)
  }

  /// Those of the machine that this runs on, with as much of its interfaces as a sendmail.cf says.
  init(_ configuration: ConfigurationFile?) {
    self.init(probe: Probe(configuration?.option(named: "DontProbeInterfaces")))
  }

  /// Whether hosts(5) knows the machine, and no domain of it: sendmail waits for a minute then, to look again.
  package let lacksDomain: Bool

  /// What class `w` holds of it where no sendmail.cf says more: the names of interfaces with and without brackets.
  var members: [ByteString] {
    names + interfaceNames
      + interfaceNames.filter { $0.bytes.first != UInt8(ascii: "[") }.map { ByteString("[\($0)]".utf8) }
  }

  /// What the evaluation has to know of it.
  func facts(mode: ByteString) -> HostFacts {
    HostFacts(
      name: full, nodeName: node, otherNames: names, interfaceNames: interfaceNames, operationMode: mode)
  }

  private static func bracketed(_ address: IPAddress) -> ByteString {
    ByteString("[\(address.written(.uncompressed))]")
  }
}

/// A line of hosts(5).
///
/// ```abnf
/// hosts   = *( [entry] [comment] LF )
/// entry   = *blank address 1*blank name *( 1*blank name ) *blank
/// comment = "#" *( %x00-09 / %x0B-FF )
/// blank   = SP / HTAB / %x0B-0D
/// ```
private struct HostsLine {
  /// The address; that of IPv4 where an IPv6 address holds one (`::ffff:192.0.2.1`).
  var address: IPAddress
  /// Whether it is written as an IPv6 address.
  var isIPv6: Bool
  var names: [ByteString]

  /// The line as it counts for IPv4: `::1` stands for 127.0.0.1 there, as in the C library; nil for other IPv6 lines.
  var forIPv4: HostsLine? {
    if address.family == .ipv4 { return self }
    guard address == IPAddress("::1") else { return nil }
    return HostsLine(address: IPAddress(ipv4: [127, 0, 0, 1]), isIPv6: true, names: names)
  }

  func has(_ name: ByteString) -> Bool { names.contains { $0.folded == name.folded } }

  static func lines(of bytes: [UInt8]) -> [HostsLine] {
    bytes.split(separator: ASCII.lineFeed).compactMap { line in
      let words = line.prefix { $0 != ASCII.numberSign }.split(whereSeparator: ASCII.isSpace)
      guard words.count > 1, let address = IPAddress(String(decoding: words[0], as: UTF8.self)) else { return nil }
      return HostsLine(
        address: address, isIPv6: words[0].contains(ASCII.colon), names: words.dropFirst().map { ByteString($0) })
    }
  }
}

extension ByteString {
  fileprivate var hasDot: Bool { bytes.contains(0x2E) }
}
