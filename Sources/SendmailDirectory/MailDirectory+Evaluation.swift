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
    /// The paths of the tables' texts, by the names of their maps in lower case.
    public var paths: [ByteString: String]
    let locations: TableLocations
  }

  /// Reads sendmail.cf, the files of its classes and the texts of its tables.
  ///
  /// A table that has no text is empty where its map is optional (`-o`), otherwise it fails for now, as it does for
  /// sendmail.
  ///
  /// - Parameters:
  ///   - mode: What sendmail is taken to be started for (`${opMode}`): `d` for the daemon, `t` for address-test mode.
  ///   - showsSecrets: Whether look-ups of `AuthInfo:` keys find the passwords; otherwise they find `***`, so that whatever
  ///     prints what rules come by prints no password.
  ///   - isBuilt: Whether the built maps answer in place of the texts, those of the aliases too; a line is known then where the
  ///     text says the same.
  /// - Throws: ``MailDirectoryError/Code/configuration`` where there is no sendmail.cf, otherwise what hinders reading it.
  public func evaluated(
    mode: ByteString = "d", showsSecrets: Bool = false, isBuilt: Bool = false
  ) throws(MailDirectoryError) -> Evaluated {
    guard let file = locations.configuration else {
      throw MailDirectoryError(.configuration, "\(self.path): there is no sendmail.cf; --cf FILE names one")
    }
    let configuration = locations.compiled(file, mode: mode)
    let delivery = DeliveryFiles(locations, classes: configuration)
    let result = evaluated(configuration, delivery, showsSecrets) { map in
      map.declaration.file.flatMap { try? locations.rebased($0.description) }
    }
    return isBuilt ? BuiltMaps(locations, result, delivery, showsSecrets: showsSecrets).evaluated : result
  }

  /// As ``evaluated(mode:)``; where there is no sendmail.cf, with the rules of a standard one for local users, virtual users and
  /// other hosts.
  ///
  /// Without sendmail.cf the names of this host are those of its class file, its own and `localhost`, `DefaultUser` is that of a
  /// sendmail without the option, and no other option is set.
  public func evaluatedOrStandard(mode: ByteString = "d") throws(MailDirectoryError) -> Evaluated {
    guard configurationPath == nil else { return try evaluated(mode: mode) }
    let path = try locations.location(of: .virtmap).path
    let machine = MachineNames(nil)
    let text = StandardConfiguration.text(
      fullName: machine.full,
      names: locations.hostNames.sorted { $0.lexicographicallyPrecedes($1) }.map { ByteString($0) },
      virtualUsers: "virtusertable")
    let configuration = Configuration(text, host: machine.facts(mode: mode))
    return evaluated(configuration, DeliveryFiles(locations, classes: configuration), false) { _ in path }
  }

  private func evaluated(
    _ configuration: Configuration, _ delivery: DeliveryFiles, _ showsSecrets: Bool, _ path: (MapDefinition) -> String?
  ) -> Evaluated {
    let tables = EvaluatedTables(configuration, showsSecrets: showsSecrets, path)
    let services = service(of: configuration)
    var lookups = Lookups(
      table: tables.answer, account: MailDirectory.account, alias: { delivery.alias($0) },
      list: { delivery.list($0, $1) }, accountFacts: { delivery.facts(of: $0) })
    lookups.isOpen = tables.isOpen
    lookups.complaint = tables.complaint
    lookups.service = { services?[$0.folded] ?? (services == nil ? nil : []) }
    return Evaluated(configuration: configuration, lookups: lookups, paths: tables.paths, locations: locations)
  }

  private func read(_ path: String) throws(MailDirectoryError) -> [UInt8] {
    do throws(SystemError) { return try FileContents(path).bytes } catch { throw MailDirectoryError(error) }
  }

  /// The places of the services in the file that option ServiceSwitchFile names: `service *( SP place )` a line; nil without it.
  private func service(of configuration: Configuration) -> [ByteString: [ByteString]]? {
    let named = configuration.options.last { $0.name == "ServiceSwitchFile" }?.value.description
    // The usual one is nobody's word, but in a copy it is that of the copy.
    let usual = "/etc/mail/service.switch"
    let path = named == nil && locations.home == nil ? usual : try? locations.rebased(named ?? usual)
    guard let path, let bytes = try? read(path) else { return nil }
    var services: [ByteString: [ByteString]] = [:]
    for line in bytes.split(separator: 0x0A) {
      let words = line.prefix { $0 != 0x23 }.split { $0 == 0x20 || $0 == 0x09 }.map { ByteString($0) }
      guard let name = words.first, services[name.folded] == nil else { continue }
      services[name.folded] = Array(words.dropFirst())
    }
    return services
  }

  /// The line of an account in passwd(5), or wherever this machine keeps its accounts.
  static func account(_ name: ByteString) -> MapAnswer {
    guard let account = Account(named: name.bytes) else { return .notFound }
    let line = [
      account.name, "x", "\(account.user)", "\(account.group)", account.comment, account.home, account.shell,
    ].joined(separator: ":")
    return .found(ByteString(line), line: nil)
  }
}
