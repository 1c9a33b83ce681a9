internal import SendmailConfig
internal import SystemSupport

/// How far root lets itself be led by another user's sendmail.cf: as far as by his symbolic links.
extension TableLocations {
  /// A sendmail.cf, or a directory on the way to it, that belongs to a user who could have us change whatever we may and he may
  /// not.
  struct Foreign: Sendable {
    var path: String
    var owner: UInt32
  }

  /// What of a sendmail.cf and the directories on the way to it belongs to others than root; nothing where we are not root,
  /// who alone may more than they.
  ///
  /// Whoever owns a directory can put another file into the place of the one that is there. The TrustedUser owns the mail
  /// directory on many systems: he is believed there, if a file of root's names him, as one of his own in its place could not.
  static func foreigners(
    at place: FileLocation, _ status: FileStatus, _ configuration: ConfigurationFile
  ) throws(SystemError) -> [Foreign] {
    guard CurrentProcess.effectiveUser == 0 else { return [] }
    var owners = [
      Foreign(path: place.askedPath, owner: status.owner),
      Foreign(path: place.directory.path, owner: try place.directory.descriptor.status().owner),
    ]
    var path = place.directory.path
    while path != "/" {
      path = path.pathParent
      owners.append(Foreign(path: path, owner: try Directory(path).descriptor.status().owner))
    }
    let trusted = status.owner == 0 ? configuration.trustedUser.flatMap(TableLocations.number) : nil
    return owners.filter { $0.owner != 0 && $0.owner != trusted }
  }

  /// Sees that all maps, files of aliases and class files that the configuration names are where its owner may lead us.
  ///
  /// - Throws: ``MailDirectoryError/Code/permission`` for the first that is not; that others are not in place, or not to be
  ///   reached, is for those who open them.
  func checkNamedPaths() throws(MailDirectoryError) {
    guard let configuration, !foreigners.isEmpty else { return }
    let isTable: Set<ByteString> = ["hash", "btree", "dbm", "cdb", "implicit", "text", "stab"]
    let paths =
      configuration.mapDeclarations.filter { isTable.contains($0.mapClass) }.compactMap(\.file)
      + configuration.aliasFiles.filter { isTable.contains($0.mapClass) }.map(\.path)
      + configuration.classSources.filter { $0.kind == .file }.map(\.path)
    for path in paths {
      do {
        _ = try rebased(path.description)
      } catch {
        if error.code == .permission { throw error }
      }
    }
  }

  /// Sees that a path of the configuration leads into the mail directory, or to a directory of those who can change the
  /// configuration.
  func checkOwner(of path: String) throws(MailDirectoryError) {
    guard !foreigners.isEmpty, let place = try? FileLocation(path), place.directory.path != realDirectory else {
      return
    }
    let owner: UInt32
    do throws(SystemError) { owner = try place.directory.descriptor.status().owner } catch {
      throw MailDirectoryError(error)
    }
    let others = foreigners.filter { $0.owner != owner }
    guard let other = others.first else { return }
    throw MailDirectoryError(
      .permission,
      "\(path): \(configurationName) names it, and user \(other.owner), to whom \(other.path) belongs, could have root read "
        + "and change files that are not his so; nothing was done: chown root \(others.map(\.path).joined(separator: " ")), "
        + "or give --cf with a file of root's in a directory of root's")
  }
}
