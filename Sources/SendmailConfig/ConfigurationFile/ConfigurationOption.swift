/// An option that sendmail.cf sets (`O` line).
///
/// ```abnf
/// option  = "O" SP name *SP [ "=" *SP value ]    ; the long form; the name in any case, or abbreviated
///         / "O" letter value                     ; the old form
/// name    = *OCTET [ "." suboption ]             ; no SP before it
/// ```
/// Only SP is skipped, a TAB is part of name or value. White space at the line's end is dropped, quotes are not.
public struct ConfigurationOption: Sendable, Equatable {
  /// The full name where sendmail 8.17 knows the option, otherwise as written.
  public var name: ByteString
  /// What stands behind the dot of the name, as in `Timeout.ident`; nil without one.
  public var suboption: ByteString?
  /// The value; empty where there is none.
  public var value: ByteString
  /// The 1-based line.
  public var line: Int

  /// As sendmail reads a boolean: empty, `t` or `y` in any case is true.
  public var isTrue: Bool {
    value.bytes.first.map { ASCII.lowercased($0) == 0x74 || ASCII.lowercased($0) == 0x79 } ?? true
  }
  /// As `atoi` reads a number: the digits at its head, 0 without any.
  public var number: Int { ConfigurationLine.number(value.bytes[...]) ?? 0 }

  /// The words of option DontBlameSendmail: letters and digits, one byte behind each lost.
  ///
  /// White space and what else is printable stands between them; any other byte there is an empty word, which sendmail
  /// finds fault with.
  package var words: [ByteString] {
    var words: [ByteString] = []
    var rest = value.bytes[...]
    while true {
      rest = rest.drop { ASCII.isSpace($0) || (0x21...0x7E).contains($0) && !ASCII.isLetterOrDigit($0) }
      if rest.isEmpty { return words }
      let word = rest.prefix(while: ASCII.isLetterOrDigit)
      words.append(ByteString(word))
      rest = rest.dropFirst(word.count + 1)
    }
  }

  /// Why an `O` line sets nothing.
  package enum Defect: Error {
    case noName
    case blankBeforeName
    case ambiguous(ByteString, [String])
    case unknownLetter(UInt8)
  }

  /// Reads the body of an `O` line.
  package init(_ line: ConfigurationLine) throws(Defect) {
    self.line = line.line
    guard let letter = line.body.first else { throw .noName }
    guard letter == ASCII.space else {
      guard let known = OptionNames.name(of: letter) else {
        throw ASCII.isSpace(letter) ? .blankBeforeName : .unknownLetter(letter)
      }
      name = ByteString(known)
      value = ByteString(line.body.dropFirst())
      return
    }
    let body = line.body.dropFirst()
    let sign = body.firstIndex(of: 0x3D) ?? body.endIndex
    let written = body[..<sign].reversed().drop { $0 == ASCII.space }.reversed()
    guard let first = written.first else { throw .noName }
    guard !ASCII.isSpace(first) else { throw .blankBeforeName }
    value = ByteString(body[sign...].dropFirst().drop { $0 == ASCII.space })
    let parts = Array(written).split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
    let stem = ByteString(parts[0])
    if parts.count > 1 { suboption = ByteString(parts[1]) }
    let matches = OptionNames.matches(stem)
    guard matches.count <= 1 else { throw .ambiguous(stem, matches) }
    name = matches.first.map { ByteString($0) } ?? stem
  }
}

/// The options of sendmail 8.17 (`doc/op/op.me`, "Options").
package enum OptionNames {
  /// Whether a name, letters' case aside, is that of an option.
  package static func isKnown(_ name: ByteString) -> Bool { !matches(name).isEmpty }

  /// The name that an old one-letter form stands for.
  static func name(of letter: UInt8) -> String? {
    letters.first { $0.utf8.first == letter }.map { String($0.dropFirst()) }
  }

  /// The options that a name may mean: the one that it is, else all that it abbreviates; the case of letters aside.
  static func matches(_ name: ByteString) -> [String] {
    let wanted = name.folded.bytes
    var result: [String] = []
    for known in letters.map({ $0.dropFirst() }) + others {
      let folded = known.utf8.lazy.map(ASCII.lowercased)
      guard folded.starts(with: wanted), !known.isEmpty else { continue }
      if folded.count == wanted.count { return [String(known)] }
      result.append(String(known))
    }
    return result
  }

  private static let letters = """
    7SevenBitInput 8EightBitMode AAliasFile aAliasWait BBlankSub bMinFreeBlocks CCheckpointInterval cHoldExpensive \
    dDeliveryMode EErrorHeader eErrorMode FTempFileMode fSaveFromLine GMatchGECOS g HHelpFile hMaxHopCount \
    IResolverOptions iIgnoreDots JForwardPath jSendMimeErrors kConnectionCacheSize KConnectionCacheTimeout \
    lUseErrorsTo LLogLevel mMeToo M nCheckAliases oOldStyleHeaders ODaemonPortOptions pPrivacyOptions PPostmasterCopy \
    qQueueFactor QQueueDirectory RDontPruneRoutes rTimeout SStatusFile sSuperSafe TQueueTimeout tTimeZoneSpec \
    UUserDatabaseSpec uDefaultUser VFallbackMXhost vVerbose wTryNullMXList xQueueLA XRefuseLA yRecipientFactor \
    YForkEachJob zClassFactor ZRetryFactor
    """.split(separator: " ")

  private static let others = """
    QueueSortOrder HostsFile MinQueueAge DefaultCharSet ServiceSwitchFile DialDelay NoRecipientAction \
    SafeFileEnvironment MaxMessageSize ColonOkInAddr MaxQueueRunSize MaxDaemonChildren DontExpandCnames MustQuoteChars \
    SmtpGreetingMessage UnixFromLine OperatorChars DontInitGroups SingleLineFromHeader AllowBogusHELO \
    ConnectionRateThrottle UnsafeGroupWrites DoubleBounceAddress HostStatusDirectory SingleThreadDelivery RunAsUser \
    RrtImpliesDsn PidFile DontBlameSendmail DontProbeInterfaces MaxRecipientsPerMessage DeadLetterDrop \
    MaxAliasRecursion ConnectOnlyTo TrustedUser MaxMimeHeaderLength ControlSocketName MaxHeadersLength \
    ProcessTitlePrefix DefaultAuthInfo AuthMechanisms ClientPortOptions DataFileBufferSize XscriptFileBufferSize \
    LDAPDefaultSpec ServerCertFile ServerKeyFile ClientCertFile ClientKeyFile CACertFile CACertPath DHParameters \
    InputMailFilters Milter AuthOptions QueueFileMode CertFingerprintAlgorithm CipherList RandFile TLSSrvOptions \
    BadRcptThrottle DeliverByMin MaxQueueChildren MaxRunnersPerQueue DirectSubmissionModifiers NiceQueueRun \
    SharedMemoryKey AuthMaxBits MailboxDatabase UseMSP DelayLA FastSplit SoftBounce SharedMemoryKeyFile \
    RejectLogInterval RequiresDirfsync ConnectionRateWindowSize CRLFile FallbackSmartHost AuthRealm CRLPath HeloName \
    MaxNOOPCommands ServerSSLOptions ClientSSLOptions MaxQueueAge UseCompressedIPv6Addresses SSLEngine SSLEnginePath \
    TLSFallbacktoClear DANE SmtpUTF8 CipherSuites RejectNUL BadRcptShutdown BadRcptShutdownGood SetCertAltnames \
    StrictTransportSecurity
    """.split(separator: " ")
}
