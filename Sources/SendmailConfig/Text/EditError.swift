/// A change that was refused: nothing in the text has changed.
public struct EditError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Why, in a form that stays the same from release to release.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The stable name.
    public let rawValue: String
    /// Takes a stable name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The key cannot stand in this table, or would mean something else in it.
    public static let badKey = Code(rawValue: "bad-key")
    /// The value cannot stand in this table, or would mean something else in it.
    public static let badValue = Code(rawValue: "bad-value")
    /// What should be an address, a network or a host name is none.
    public static let badAddress = Code(rawValue: "bad-address")
    /// The comment cannot stand on one line.
    public static let badComment = Code(rawValue: "bad-comment")
    /// The destination runs a program, writes to a file or reads one, and that was not allowed.
    public static let needsPermission = Code(rawValue: "needs-permission")
  }

  /// Why.
  public var code: Code
  /// What is wrong and what to do.
  public var message: String

  /// Makes a refusal.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = Secrets.masked(message: message)
  }

  /// The message.
  public var description: String { message }
}
