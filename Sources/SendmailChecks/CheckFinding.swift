public import SendmailConfig

/// Something that a check found, with everything that belongs to it.
public struct CheckFinding: Sendable, Equatable {
  /// Another place that belongs to a finding, such as the line that counts of two.
  public struct RelatedPlace: Sendable, Equatable {
    /// The file.
    public var path: String
    /// The 1-based line.
    public var line: Int
    /// The 1-based column, in bytes.
    public var column: Int
    /// What is there.
    public var note: String

    /// Makes a place.
    public init(path: String, line: Int, column: Int = 1, note: String) {
      self.path = path
      self.line = line
      self.column = column
      self.note = Secrets.masked(message: note)
    }
  }

  /// The file.
  public var path: String
  /// Code, severity, line, column, message and remedy.
  public var diagnostic: Diagnostic
  /// Other places that belong to it, in the order in which they are to be read.
  public var related: [RelatedPlace]
  /// The change that mends it, where there is no doubt what was meant.
  public var fix: TextFix?

  /// Makes a finding.
  public init(path: String, diagnostic: Diagnostic, related: [RelatedPlace] = [], fix: TextFix? = nil) {
    self.path = path
    self.diagnostic = diagnostic
    self.related = related
    self.fix = fix
  }
}

/// Whole lines of a text to be replaced by whole lines.
public struct TextFix: Sendable, Equatable {
  /// One replacement.
  public struct Edit: Sendable, Equatable {
    /// The 0-based lines; an empty range inserts before its bound.
    public var lines: Range<Int>
    /// Zero or more lines, each with its terminator.
    public var replacement: [UInt8]

    /// Makes a replacement.
    public init(lines: Range<Int>, replacement: [UInt8]) {
      self.lines = lines
      self.replacement = replacement
    }
  }

  /// The replacements, in the order of the text; none overlaps another.
  public var edits: [Edit]
  /// The keys of a table, folded, that the fix makes: where another entry has one already, there is no fix.
  public var newKeys: [ByteString]

  /// Makes a fix.
  public init(_ edits: [Edit], newKeys: [ByteString] = []) {
    self.edits = edits
    self.newKeys = newKeys
  }

  /// Makes a fix of one replacement.
  public init(lines: Range<Int>, replacement: [UInt8], newKeys: [ByteString] = []) {
    self.init([Edit(lines: lines, replacement: replacement)], newKeys: newKeys)
  }
}
