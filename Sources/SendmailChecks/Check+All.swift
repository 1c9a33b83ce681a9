internal import SendmailConfig

extension Check {
  /// Every check, those of the parsers included, in the order of the documentation.
  public static let all: [Check] =
    tableParser + [CutAtNUL.check] + AccessChecks.entries.map { $0.check } + [relayNote]
    + VirtualUserChecks.entries.map { $0.check } + aliasParser
    + [AliasByteOrderMark.check, AliasCarriageReturn.check] + AliasChecks.entries.map { $0.check }
    + [
      AliasLoop.check, AliasTooDeep.check, AliasDangling.check, AliasMissing.postmaster, AliasMissing.mailerDaemon,
      AliasMissing.root,
    ] + MailerTableChecks.all + GenericsTableChecks.all + classParser + [ClassRelayWide.check]
    + [
      UnsafeDirectory.check, UnsafeAliasFile.check, UnreadableFile.check, WritableFile.check, LinkedMap.check,
      UnsafeLink.check,
    ]
    + MapChecks.all + configurationParser + StartMessages.all
    + [MissingFile.check, NoLocalMailer.check, UnqualifiedHost.check, WaiverChecks.unused, WaiverChecks.unknown]

  // What the parsers of SendmailConfig find: their texts stand there.

  private static let tableParser = [
    Check(.tableLineTooLong, .error, "A line of more than 1022 bytes", page: .tables),
    Check(.tableNUL, .error, "A NUL byte in a line", page: .tables),
    Check(.tableLeadingBlank, .error, "A line that begins with a blank", page: .tables, fixes: true),
    Check(.tableNoValue, .error, "A key without a value", page: .tables),
    Check(.tableDuplicate, .error, "A key that stands twice: the first line counts", page: .tables, fixes: true),
    Check(.tableCarriageReturn, .warning, "CR LF line ends become part of the values", page: .tables, fixes: true),
    Check(
      .tableByteOrderMark, .warning, "A byte-order mark becomes part of the first line", page: .tables, fixes: true),
  ]

  private static let relayNote = Check(
    .relayUnreadableNote, .warning, "A note of a relay that cannot be read", page: .access)

  private static let aliasParser = [
    Check(.aliasLineTooLong, .error, "An alias of more than 8190 bytes, or with a NUL byte", page: .aliases),
    Check(.aliasLeadingBlank, .error, "An indented line that continues no other", page: .aliases),
    Check(.aliasNoValue, .error, "An alias without a destination", page: .aliases),
    Check(.aliasBadName, .error, "A line without a colon, or a name that is no local address", page: .aliases),
    Check(.aliasOddName, .warning, "A name about which newaliases complains", page: .aliases),
    Check(.aliasDuplicate, .warning, "A name that stands twice: the last line counts", page: .aliases, fixes: true),
    Check(.aliasSwallowingComment, .warning, "A comment that swallows the lines behind it", page: .aliases),
  ]

  private static let classParser = [
    Check(.classLostWords, .warning, "Words that the format of the class file does not read", page: .classes),
    Check(.classIndentedComment, .warning, "An indented # is a word", page: .classes, fixes: true),
    Check(.classNumberSign, .warning, "A # inside a word begins no comment", page: .classes),
    Check(.classLeadingDot, .warning, "A leading dot in class w never matches", page: .classes),
    Check(.classTrailingDot, .warning, "A final dot never matches", page: .classes, fixes: true),
    Check(.classWildcard, .warning, "A * never matches", page: .classes),
    Check(.classNotHost, .warning, "A word that is neither a host nor what the class is compared with", page: .classes),
    Check(.classLineTooLong, .warning, "A line of more than 2047 bytes is read in pieces", page: .classes),
    Check(.classNUL, .warning, "A NUL byte ends what is read of a line", page: .classes),
    Check(
      .classByteOrderMark, .warning, "A byte-order mark becomes part of the first word", page: .classes, fixes: true),
    Check(.classCopy, .warning, "A word that copies another class", page: .classes),
    Check(.classFormat, .error, "A format of an F line that reads nothing, or anything", page: .classes),
  ]

  private static let configurationParser = [
    Check(.configurationLine, .error, "A line of a kind that sendmail does not know", page: .configuration),
    Check(.configurationSwallowed, .warning, "A line that continues a comment", page: .configuration),
    Check(.configurationMap, .error, "A K line that declares nothing", page: .configuration),
    Check(.configurationMacro, .warning, "A macro that is known at run time only", page: .configuration),
    Check(.configurationOption, .error, "An O line that sets nothing", page: .configuration),
    Check(.configurationAliasFile, .error, "An AliasFile that names no file, or too many", page: .configuration),
    Check(
      .configurationClassSource, .error, "An F line that fills nothing or reads otherwise than it looks",
      page: .configuration),
    Check(
      .configurationTrustedUser, .warning, "A TrustedUser that sendmail and makemap read differently",
      page: .configuration),
  ]
}
