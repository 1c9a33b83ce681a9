internal import Glibc
public import SendmailConfig
public import SendmailEvaluator
internal import SystemSupport

extension MailDirectory {
  /// What rules are evaluated with: sendmail.cf, compiled, and who answers its questions.
  public struct Evaluated: Sendable {
    /// sendmail.cf.
    public var configuration: Configuration
    /// Look-ups in the texts of the tables and in the accounts of this machine; hosts and the domain name system are not asked.
    public var lookups: Lookups
  }

  /// Reads sendmail.cf, the files of its classes and the texts of its tables.
  ///
  /// A table that has no text is empty where its map is optional (`-o`), otherwise it fails for now, as it does for
  /// sendmail.
  ///
  /// - Parameter mode: What sendmail is taken to be started for (`${opMode}`): `d` for the daemon, `t` for address-test mode.
  /// - Throws: ``MailDirectoryError/Code/configuration`` where there is no sendmail.cf, otherwise what hinders reading it.
  public func evaluated(mode: ByteString = "d") throws(MailDirectoryError) -> Evaluated {
    guard let path = configurationPath else {
      throw MailDirectoryError(.configuration, "\(self.path): there is no sendmail.cf; --cf FILE names one")
    }
    let bytes = try read(path)
    // sendmail asks the resolver for its full name; sendmail.cf mostly says the same.
    let written = locations.configuration?.macro(named: "j")
    let name = written.flatMap { $0.bytes.contains(0x24) || !$0.bytes.contains(0x2E) ? nil : $0 }
    let host = HostFacts(name: name ?? MailDirectory.hostName, operationMode: mode)
    let configuration = Configuration(bytes, host: host) { source in
      guard source.kind == .file else { return .unknown }
      guard let bytes = try? read(locations.rebased(source.path.description)) else {
        return .missing(reason: "No such file or directory")
      }
      return .text(bytes)
    }
    var tables: [ByteString: [ByteString: (value: ByteString, line: Int)]] = [:]
    for map in configuration.maps where map.kind == .table && map.declaration.mapClass != "text" {
      guard let file = map.declaration.file, let bytes = try? read(locations.rebased(file.description)) else {
        if map.declaration.flags.isOptional { tables[map.name.folded] = [:] }
        continue
      }
      tables[map.name.folded] = MailDirectory.values(Table(bytes).pairs, foldsCase: map.declaration.flags.foldsCase)
    }
    let found = tables
    let lookups = Lookups(
      table: { map, key in
        guard let table = found[map.name.folded] else {
          return map.declaration.mapClass == "text" ? .unknown : .temporaryFailure
        }
        return table[key].map { .found($0.value, line: $0.line) } ?? .notFound
      },
      account: { name in MailDirectory.hasAccount(name) ? .found(name, line: nil) : .notFound })
    return Evaluated(configuration: configuration, lookups: lookups)
  }

  private func read(_ path: String) throws(MailDirectoryError) -> [UInt8] {
    do throws(SystemError) { return try FileContents(path).bytes } catch { throw MailDirectoryError(error) }
  }

  /// The values by their keys, the first of each key, as makemap keeps it.
  private static func values(
    _ pairs: MapPairs, foldsCase: Bool
  ) -> [ByteString: (value: ByteString, line: Int)] {
    var result: [ByteString: (value: ByteString, line: Int)] = [:]
    result.reserveCapacity(pairs.pairs.count)
    for pair in pairs.pairs {
      let written = ByteString(pairs.key(pair))
      let key = foldsCase ? written.folded : written
      if result[key] == nil { result[key] = (ByteString(pairs.value(pair)), Int(pair.line)) }
    }
    return result
  }

  private static var hostName: ByteString {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return ByteString(buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
  }

  private static func hasAccount(_ name: ByteString) -> Bool {
    guard !name.isEmpty, !name.bytes.contains(0) else { return false }
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
    let status = unsafe getpwnam_r(text, &entry, &buffer, buffer.count, &found)
    return unsafe status == 0 && found != nil
  }
}
