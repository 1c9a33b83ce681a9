public import SendmailConfig

/// What a change did, or with ``MailDirectory/Options/isDryRun`` would do.
public struct MailChange: Sendable {
  /// A text that changed.
  public struct TextChange: Sendable {
    /// The table.
    public var table: MailTable
    /// The path, as it was reached.
    public var path: String
    /// Whether the file is new.
    public var isNew: Bool
    /// The lines that changed.
    public var changes: [LineChange]
    /// The same as a unified diff, with the passwords (`AuthInfo:`) that stand in it: what patch(1) can apply.
    public var diffWithSecrets: [UInt8]
    /// The same for people: with `***` in the place of passwords.
    public var diff: [UInt8] { Text.diff(withoutSecrets: diffWithSecrets) }
  }

  /// A map that was built, or found to agree with its text.
  public struct MapChange: Sendable {
    /// The table.
    public var table: MailTable
    /// The path of the map.
    public var path: String
    /// How many pairs it holds for the entries of the text.
    public var entries: Int
    /// Whether a new one takes the place of the old one.
    public var isRebuilt: Bool
    /// Whether that took a few changes to a copy of the old one, because what the old one held was known.
    package var isAmended = false
  }

  /// The texts that changed.
  public internal(set) var texts: [TextChange] = []
  /// The maps that belong to them.
  public internal(set) var maps: [MapChange] = []
  /// What is wrong with the lines of the tables that were read, with the path of the file.
  public internal(set) var findings: [(path: String, finding: Diagnostic)] = []
  /// What else is to be told: an earlier change that was completed or taken back.
  public internal(set) var notices: [String] = []

  /// Whether anything was written, or would be.
  public var isChange: Bool { !texts.isEmpty || maps.contains(where: \.isRebuilt) }

  /// The number of the change in the history, for ``MailDirectory/undo(_:options:)``; nil where there is no record of it.
  public internal(set) var id: Int?

  /// Why the history has no record of the change, so that it cannot be undone; nil where that is no failure.
  public internal(set) var unrecordedReason: String?

  /// The changes of all texts as one unified diff, with `***` in the place of passwords (`AuthInfo:`).
  public var diff: String { String(decoding: texts.flatMap(\.diff), as: UTF8.self) }
}
