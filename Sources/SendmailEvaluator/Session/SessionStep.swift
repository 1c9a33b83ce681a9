public import SendmailConfig

/// What sendmail says to a command, without the line's end.
public struct SMTPReply: Sendable, Equatable {
  /// The code, such as 550 (RFC 5321 section 4.2).
  public var code: Int
  /// The enhanced code, such as `5.7.1` (RFC 3463); nil for codes that have none.
  public var enhancedCode: ByteString?
  /// The text.
  public var text: ByteString

  /// Makes a reply.
  public init(code: Int, enhancedCode: ByteString?, text: ByteString) {
    self.code = code
    self.enhancedCode = enhancedCode
    self.text = text
  }

  /// The line.
  public var line: ByteString {
    ByteString(Array("\(code) ".utf8) + (enhancedCode.map { $0.bytes + [ASCII.space] } ?? []) + text.bytes)
  }
}

/// What in the site's files made rules come to their result.
public enum Evidence: Sendable, Equatable {
  /// The entry of a table; one that could not be read has no value.
  case entry(MapLookup)
  /// A member of a class, found by the rule in this 1-based line of sendmail.cf.
  case member(ByteString, ofClass: ByteString, ruleLine: Int)
  /// The rule alone: its 1-based line in sendmail.cf.
  case rule(line: Int)
}

/// One step on the way of a mail into sendmail, and on to where it is delivered.
public struct SessionStep: Sendable {
  /// Which step it is.
  public enum Stage: String, Sendable {
    /// The client connects (`check_relay`).
    case connect
    /// `MAIL FROM` (`check_mail`).
    case mail
    /// `RCPT TO` (`check_rcpt`).
    case rcpt
    /// `DATA`; only where the configuration has rules for it (`check_data`).
    case data
    /// Where the mail goes.
    case delivery
  }

  /// What becomes of it.
  public enum Verdict: String, Sendable {
    /// It goes on.
    case accept
    /// It is refused for good.
    case reject
    /// It is refused for now, or cannot be delivered yet.
    case tempfail
    /// It is accepted and thrown away, for all recipients.
    case discard
    /// It is accepted and kept in the queue until somebody releases it.
    case quarantine
  }

  /// Which step it is.
  public var stage: Stage
  /// The address of the command; empty for ``Stage/connect`` and ``Stage/data``.
  public var address: ByteString
  /// What becomes of it.
  public var verdict: Verdict
  /// What sendmail answers; nil where it answers nothing of its own: to a connection that it takes, and at the delivery.
  ///
  /// What a refused connection gets to each command. A connection that is refused with 421 gets it in place of the greeting, and
  /// what sendmail says of a map that it cannot open comes before that.
  public var reply: SMTPReply?
  /// What decides; nil where nothing is asked.
  public var evidence: Evidence?
  /// The questions to tables, in their order.
  public var lookups: [MapLookup] = []
  /// Why it is kept (``Verdict/quarantine``).
  public var quarantineReason: ByteString?
  /// Questions that nobody could answer; the step goes on as if nothing had been found.
  public var unknowns: [UnknownAnswer] = []
  /// Where the mail goes; only for ``Stage/delivery``.
  public var expansion: Expansion?

  /// Whether it goes no further.
  public var isRefused: Bool { verdict == .reject || verdict == .tempfail }
}
