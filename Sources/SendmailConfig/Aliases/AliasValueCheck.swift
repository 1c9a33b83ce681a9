/// The value of an alias as `newaliases(1)` checks it where option CheckAliases asks for it.
///
/// Each address of the list is parsed and complained about. The entry is stored all the same, but not quite as it was: a
/// byte that an address cannot have is a `?` in it from then on.
struct AliasValueCheck {
  /// The value as it is stored.
  private(set) var value: [UInt8]
  /// What newaliases says, in order.
  private(set) var messages: [AddressMessage] = []
  /// What it begins later messages about the entry with: the last address, and what is behind it; nil where there is none.
  private(set) var subject: [UInt8]?

  /// Checks a value, in which there is no NUL.
  init(_ value: ArraySlice<UInt8>, by judge: AddressJudge) {
    self.value = Array(value)
    var start = 0
    var end = Int.max
    while true {
      start = self.value[start...].firstIndex { !ASCII.isSpace($0) && $0 != ASCII.comma } ?? self.value.endIndex
      guard start < self.value.count else { break }
      let mailbox = ParsedMailbox(
        self.value[start...], delimiter: ASCII.comma, by: judge, inList: true)
      self.value.replaceSubrange(start..., with: mailbox.subject)
      var rest = self.value[start...]
      if mailbox.messages.contains(where: { $0.code == .tokensTooLong }), rest.count > Self.longestShown {
        // sendmail ends the address there, and with it the value.
        rest = rest.prefix(Self.longestShown)
        end = min(end, rest.endIndex)
      }
      subject = Array(rest)
      messages += mailbox.messages
      if mailbox.resolution == .unreadable {
        messages.append(
          AddressMessage(
            code: .badAddress,
            text: AddressMessage.printed(
              AddressMessage.shortened(rest) + Array("... ".utf8) + rest + Array("... bad address".utf8))))
      }
      // The scanner gives up at the byte where it finds too much, and sendmail goes on from there.
      start += max(mailbox.end, 1)
    }
    if end < self.value.count { self.value.removeSubrange(end...) }
  }

  /// As much of an address that is too long as sendmail keeps, in bytes.
  private static let longestShown = 256
}
