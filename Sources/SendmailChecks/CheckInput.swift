public import SendmailConfig

/// A text with the path of its file.
public struct CheckedText<Content: Sendable>: Sendable {
  /// The path, as it is to be shown.
  public var path: String
  /// What was read.
  public var content: Content

  /// Makes one.
  public init(path: String, content: Content) {
    self.path = path
    self.content = content
  }
}

/// A class file and the class that it fills.
public struct CheckedClassFile: Sendable {
  /// The class's name without braces, such as `w`, `R` or `VirtHost`.
  public var className: ByteString
  /// The file.
  public var file: ClassFile

  /// Makes one.
  public init(className: ByteString, file: ClassFile) {
    self.className = className
    self.file = file
  }
}

/// Everything that is checked, as values: texts, and what is known of sendmail.cf, of maps, of files and of this machine.
///
/// Nothing is read from the disk here. What is not known is left out, and what depends on it is not claimed.
public struct CheckInput: Sendable {
  /// Who may send and relay.
  public var access: CheckedText<AccessTable>?
  /// The virtual users.
  public var virtualUsers: CheckedText<VirtualUserTable>?
  /// The aliases.
  public var aliases: CheckedText<AliasesFile>?
  /// The mailertable.
  public var mailers: CheckedText<Table>?
  /// The genericstable.
  public var generics: CheckedText<Table>?
  /// The class files: that of class w, relay-domains and others.
  public var classes: [CheckedText<CheckedClassFile>] = []
  /// sendmail.cf; nil where there is none.
  public var configuration: CheckedText<ConfigurationFile>?
  /// What sendmail says of sendmail.cf when it starts, of rules, mailers and everything else; empty where that is not known.
  public var startMessages: [Diagnostic] = []
  /// The names under which this host takes mail, as far as they are known, in lower case; nil where they are not.
  public var hostNames: Set<[UInt8]>?
  /// The states of the maps.
  public var maps: [MapState] = []
  /// The user databases that sendmail.cf names and that are there.
  public var userDatabases: [UserDatabaseState] = []
  /// The files whose modes and owners count.
  public var files: [FileState] = []
  /// The number of sendmail's TrustedUser; nil where there is none.
  public var trustedUser: UInt32?
  /// What is known of the machine on which sendmail runs.
  public var machine: Machine
  /// The machine's name where hosts(5) has it without a domain; nil otherwise, and where that is not known.
  public var unqualifiedHost: ByteString?

  /// Makes an input without anything in it.
  public init(machine: Machine = Machine()) { self.machine = machine }
}

/// What is known of the machine on which sendmail runs: it is asked only where an answer counts.
public struct Machine: Sendable {
  /// Whether there is an account of that name; nil where that is not known.
  public var hasAccount: @Sendable (ByteString) -> Bool?
  /// What is known of a file: of an included list, of a program, of a file to which mail is appended.
  public var file: @Sendable (ByteString) -> TargetFile

  /// Makes a machine of which nothing is known.
  public init(
    hasAccount: @escaping @Sendable (ByteString) -> Bool? = { _ in nil },
    file: @escaping @Sendable (ByteString) -> TargetFile = { _ in .unknown }
  ) {
    self.hasAccount = hasAccount
    self.file = file
  }
}

/// A file that an alias names.
public enum TargetFile: Sendable {
  /// Nothing is known of it.
  case unknown
  /// There is no such file.
  case missing
  /// It is there.
  case present(FileFacts, contents: [UInt8]?)
}

/// What `lstat(2)` and `stat(2)` say of a file, as far as sendmail looks at it.
public struct FileFacts: Sendable, Equatable {
  /// The kinds of file that count.
  public enum Kind: Sendable {
    /// A file with contents.
    case regular
    /// A directory.
    case directory
    /// A device, such as `/dev/null`.
    case device
    /// Anything else.
    case other
  }

  /// A directory on the way to the file.
  public struct Directory: Sendable, Equatable {
    /// Its path, without links.
    public var path: String
    /// Its permission bits.
    public var mode: UInt32

    /// Makes one.
    public init(path: String, mode: UInt32) {
      self.path = path
      self.mode = mode
    }
  }

  /// The kind of the file, links followed.
  public var kind: Kind
  /// The permission bits, 0 to 0o7777, links followed.
  public var mode: UInt32
  /// The owner's number.
  public var owner: UInt32
  /// How many names it has.
  public var linkCount: Int
  /// Whether the path is a symbolic link.
  public var isLink: Bool
  /// The directories on the way, from `/` down.
  public var directories: [Directory]
  /// The directories on the way to what a link leads to; empty where the path is none.
  public var targetDirectories: [Directory] = []

  /// Makes facts.
  public init(
    kind: Kind = .regular, mode: UInt32 = 0o644, owner: UInt32 = 0, linkCount: Int = 1, isLink: Bool = false,
    directories: [Directory] = []
  ) {
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.linkCount = linkCount
    self.isLink = isLink
    self.directories = directories
  }
}

/// A file whose mode and owner count for sendmail.
public struct FileState: Sendable {
  /// What sendmail does with it.
  public enum Role: Sendable, Equatable {
    /// The source of a makemap table: sendmail never opens it.
    case table
    /// The source of the aliases: newaliases reads it.
    case aliases
    /// A compiled map.
    case map
    /// A class file.
    case classFile
  }

  /// The path, as it is to be shown.
  public var path: String
  /// The path of the text that it belongs to: its own, or that of the map's source.
  ///
  /// Waivers for the whole file stand there.
  public var textPath: String
  /// What sendmail does with it.
  public var role: Role
  /// What is known of it; nil where it is not there.
  public var facts: FileFacts?
  /// The line of sendmail.cf that names it; nil without one.
  public var configurationLine: Int?
  /// Whether sendmail does without it.
  public var isOptional: Bool

  /// Makes a state.
  public init(
    path: String, textPath: String? = nil, role: Role, facts: FileFacts?, configurationLine: Int? = nil,
    isOptional: Bool = false
  ) {
    self.path = path
    self.textPath = textPath ?? path
    self.role = role
    self.facts = facts
    self.configurationLine = configurationLine
    self.isOptional = isOptional
  }
}

/// The state of a compiled map.
public struct MapState: Sendable {
  /// What lies in the map's place.
  public enum Contents: Sendable {
    /// Nothing.
    case missing
    /// A file without a byte in it.
    case empty
    /// A database in the format of Berkeley DB 1.85.
    case version185
    /// Something that whoever asks may not read.
    case forbidden
    /// Something else that is no map of the wanted type; the text says what.
    case unreadable(String)
    /// A map of the wanted type.
    case map(Agreement)
  }

  /// How a map and its text agree.
  public struct Agreement: Sendable {
    /// How many keys only the text has, or with another value.
    public var missingOrChanged = 0
    /// How many keys only the map has.
    public var onlyInMap = 0
    /// The 1-based line of the first entry of the text that differs.
    public var firstLine: Int?
    /// The first key that differs.
    public var firstKey: ByteString?
    /// How many keys end in NUL.
    public var nulTerminated = 0
    /// How many keys do not.
    public var plain = 0
    /// Whether sendmail looks for keys with NUL only (`-N`), without only (`-O`), or takes either (nil).
    public var wantsNUL: Bool?
    /// Whether the record `@` should be there and is not.
    public var lacksMarker = false

    /// Makes one of a map that agrees.
    public init() {}
  }

  /// The path of the map, as it is to be shown.
  public var path: String
  /// The path of its text.
  public var textPath: String
  /// Whether the text is there.
  public var hasText: Bool
  /// The type that it has to have: `hash` or `btree`.
  public var type: String
  /// What lies in its place.
  public var contents: Contents
  /// Whether sendmail does without it (`-o`); nil where no sendmail.cf says so.
  public var isOptional: Bool?
  /// Whether it is an alias map.
  public var isAlias: Bool
  /// Whether sendmail reads the text where it cannot open the map: aliases of class `implicit`, which is the one that is meant where
  /// option AliasFile names none.
  public var readsTextInstead = false
  /// The name of the table for `mailcfg build`.
  public var tableName: String

  /// Makes a state.
  public init(
    path: String, textPath: String, hasText: Bool = true, type: String = "hash", contents: Contents,
    isOptional: Bool? = nil, isAlias: Bool = false, tableName: String
  ) {
    self.path = path
    self.textPath = textPath
    self.hasText = hasText
    self.type = type
    self.contents = contents
    self.isOptional = isOptional
    self.isAlias = isAlias
    self.tableName = tableName
  }
}

/// A user database that sendmail.cf names (`O UserDatabaseSpec`).
public struct UserDatabaseState: Sendable {
  /// The path of its map, as it is to be shown.
  public var path: String
  /// Whether it is a btree, the only type that sendmail opens as one; nil where that is not known.
  public var isBtree: Bool?
  /// The line of sendmail.cf.
  public var configurationLine: Int

  /// Makes a state.
  public init(path: String, isBtree: Bool?, configurationLine: Int) {
    self.path = path
    self.isBtree = isBtree
    self.configurationLine = configurationLine
  }
}
