public import SendmailConfig

/// A line of a file.
public struct TextPlace: Sendable, Hashable {
  /// The path, as it is read.
  public var file: ByteString
  /// The 1-based line; where an entry has several, the first.
  public var line: Int

  /// Makes a place.
  public init(file: ByteString, line: Int) {
    self.file = file
    self.line = line
  }
}

/// What a look-up among the aliases finds (aliases(5)).
public enum AliasAnswer: Sendable, Equatable {
  /// The value as it is stored; `place` is nil where the text is not known.
  case found(ByteString, TextPlace?)
  /// There is no such alias.
  case notFound
  /// The aliases cannot be asked now: sendmail keeps the mail and tries again.
  case unavailable
  /// Nobody can tell.
  case unknown
}

/// On whose behalf sendmail reads a file of addresses.
public enum ListReader: Sendable, Hashable {
  /// That of `O DefaultUser`.
  case defaultUser
  /// That of an account, whose `.forward` it is or names the file.
  case account(ByteString)
  /// That of whom the list belongs to that names the file.
  case owner(ListOwner)

  /// The reader by the name of the account, whichever way it came in; a user without one stays as it is.
  var person: ListReader {
    if case .owner(let owner) = self, let name = owner.name { return .account(name) }
    return self
  }
}

/// To whom a file of addresses belongs: with his rights programs are run and further files are read that it names.
public struct ListOwner: Sendable, Hashable {
  /// The user.
  public var user: UInt32
  /// The file's group: of the groups that there are, the only one whose rights count for files that are named in it.
  public var group: UInt32
  /// The name of the account; nil where there is none.
  public var name: ByteString?
  /// Whether its shell is one that `/etc/shells` names.
  public var hasShell: Bool
  /// Whether it is the user of `O DefaultUser`.
  public var isDefaultUser: Bool

  /// Makes an owner.
  public init(user: UInt32, group: UInt32, name: ByteString?, hasShell: Bool = true, isDefaultUser: Bool = false) {
    self.user = user
    self.group = group
    self.name = name
    self.hasShell = hasShell
    self.isDefaultUser = isDefaultUser
  }
}

/// What comes of reading a file of addresses.
public enum ListAnswer: Sendable, Equatable {
  /// The bytes, and to whom the file belongs; nil where that does not matter.
  ///
  /// Where others may write to the file (`isUnsafe`) and sendmail reads it all the same, it takes no programs and no files
  /// from it.
  case text([UInt8], owner: ListOwner?, isUnsafe: Bool)
  /// sendmail does not read it; the reason in its words, such as `Group writable file`.
  case refused(reason: ByteString)
  /// It cannot be read now: sendmail keeps the mail and tries again.
  case unavailable(reason: ByteString)
  /// Nobody can tell.
  case unknown
}

/// What is known of an account.
public struct AccountFacts: Sendable, Hashable {
  /// The home directory.
  public var home: ByteString
  /// Whether its shell is one that `/etc/shells` names: without, it may not send mail to programs and files.
  public var hasShell: Bool
  /// Whether it is the user of `O DefaultUser`.
  public var isDefaultUser: Bool

  /// Makes facts.
  public init(home: ByteString, hasShell: Bool = true, isDefaultUser: Bool = false) {
    self.home = home
    self.hasShell = hasShell
    self.isDefaultUser = isDefaultUser
  }
}
