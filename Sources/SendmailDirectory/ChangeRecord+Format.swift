internal import SendmailConfig
internal import SystemSupport

/// How a record stands in the history.
///
/// ```
/// history  = header *record
/// header   = "mailcfg history 1" LF
/// record   = begin user [ sudo ] [ command ] [ reason ] [ undoes ] 1*text end
/// begin    = "change" SP id SP time LF         ; time: seconds since 1970, UTC
/// user     = "user" SP number SP word LF       ; the real user; the word is empty where he has no name
/// sudo     = "sudo" SP word [ SP number ] LF   ; SUDO_USER, SUDO_UID
/// command  = "command" *( SP word ) LF
/// reason   = "reason" SP word LF
/// undoes   = "undoes" SP id LF
/// text     = "text" SP table SP ( "new" / "old" ) SP place SP key SP contents SP removed SP added SP ( "cut" / "whole" ) LF
///            *hunk                             ; none if it is cut
/// table    = "access" / "virtmap" / "alias" / "host"
/// place    = word                              ; a name in the mail directory, or an absolute path
/// key      = 32HEXDIG                          ; of the fingerprint
/// contents = number ":" 32HEXDIG               ; length and fingerprint of the text after the change
/// removed  = number                            ; how many lines
/// added    = number
/// hunk     = "hunk" SP first SP first LF 1*line    ; the 0-based first line in the old text, and in the new one
/// first    = number
/// line     = ( "=" / "-" / "+" ) *( word / SP ) LF ; in both, in the old, in the new text; the line with its own LF, escaped
/// end      = "end" SP id SP length SP checksum LF  ; length and checksum of all of the record before
/// id       = number
/// length   = number
/// number   = 1*DIGIT
/// checksum = 16HEXDIG                          ; FNV-1a, 64 bits
/// word     = *( %x21-24 / %x26-7E / "%" 2HEXDIG )
/// ```
/// What is no whole record, with a right checksum, is as good as not there.
extension ChangeRecord {
  package static let header = "mailcfg history 1\n"
  /// Greater numbers than anybody gets to are no numbers of ours.
  private static let greatestID = 1 << 52

  /// The record as it is written.
  package var text: String {
    func word(_ text: String) -> String { RecordText.escaped(text.utf8) }
    var lines = "change \(id) \(time)\nuser \(user.number ?? 0) \(word(user.name ?? ""))\n"
    if let sudoUser {
      lines += "sudo \(word(sudoUser.name ?? ""))" + (sudoUser.number.map { " \($0)" } ?? "") + "\n"
    }
    if let command { lines += "command" + command.map { " \(word($0))" }.joined() + "\n" }
    if let reason { lines += "reason \(word(reason))\n" }
    if let undoes { lines += "undoes \(undoes)\n" }
    for text in texts {
      let key = Fingerprint(first: text.key.first, second: text.key.second).hex
      lines += "text \(text.table.rawValue) \(text.isNew ? "new" : "old") \(word(text.place)) \(key)"
      lines += " \(text.contents.text) \(text.removedLines) \(text.addedLines) \(text.patch == nil ? "cut" : "whole")\n"
      for hunk in text.patch?.hunks ?? [] {
        lines += "hunk \(hunk.old) \(hunk.new)\n"
        for line in hunk.lines {
          lines += line.sign == .kept ? "=" : line.sign == .removed ? "-" : "+"
          lines += RecordText.escaped(line.bytes.bytes, keepsBlanks: true) + "\n"
        }
      }
    }
    return lines + "end \(id) \(lines.utf8.count) \(RecordText.hex(RecordText.checksum(lines.utf8)))\n"
  }

  /// The last line of a record.
  struct End {
    var id: Int
    /// How many bytes stand before it.
    var length: Int
    var checksum: UInt64

    /// Reads a line, without its LF.
    init?(_ line: ArraySlice<UInt8>) {
      let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 4, words[0] == "end", let id = Int(words[1]), 1...ChangeRecord.greatestID ~= id,
        let length = Int(words[2]), length >= 0, words[3].utf8.count == 16, let checksum = UInt64(words[3], radix: 16)
      else { return nil }
      (self.id, self.length, self.checksum) = (id, length, checksum)
    }
  }

  /// The whole records in the bytes of a history, and where each stands.
  ///
  /// - Complexity: O(*n*) in bytes.
  package static func records(in bytes: [UInt8]) -> [(record: ChangeRecord, place: Range<Int>)] {
    var found: [(record: ChangeRecord, place: Range<Int>)] = []
    var start = 0
    var line = 0
    while let end = bytes[line...].firstIndex(of: ASCII.lineFeed) {
      let content = bytes[line..<end]
      if content.starts(with: "change ".utf8) { start = line }
      if content.starts(with: "end ".utf8), let ending = End(content), ending.length == line - start,
        ending.checksum == RecordText.checksum(bytes[start..<line]), let record = ChangeRecord(bytes[start..<line]),
        record.id == ending.id, record.id > found.last?.record.id ?? 0
      {
        found.append((record, start..<end + 1))
      }
      line = end + 1
    }
    return found
  }

  /// Reads a record, its last line left out.
  package init?(_ bytes: ArraySlice<UInt8>) {
    var lines = bytes.split(separator: ASCII.lineFeed)[...]
    func string(_ word: ArraySlice<UInt8>) -> String? {
      RecordText.unescaped(word).map { String(decoding: $0, as: UTF8.self) }
    }
    func words(_ name: String) -> [ArraySlice<UInt8>]? {
      guard let words = lines.first?.split(separator: ASCII.space, omittingEmptySubsequences: false),
        words[0].elementsEqual(name.utf8)
      else { return nil }
      lines.removeFirst()
      return Array(words.dropFirst())
    }
    func number(_ word: ArraySlice<UInt8>) -> Int? { Int(String(decoding: word, as: UTF8.self)) }
    guard let begin = words("change"), begin.count == 2, let id = number(begin[0]),
      1...ChangeRecord.greatestID ~= id, let time = number(begin[1]),
      let user = words("user"), user.count == 2, let userID = number(user[0]).flatMap({ UInt32(exactly: $0) }),
      let userName = string(user[1])
    else { return nil }
    (self.id, self.time) = (id, time)
    self.user = User(number: userID, name: userName.isEmpty ? nil : userName)
    if let sudo = words("sudo") {
      guard let first = sudo.first, let name = string(first) else { return nil }
      sudoUser = User(number: sudo.count > 1 ? number(sudo[1]).flatMap { UInt32(exactly: $0) } : nil, name: name)
    }
    command = words("command")?.compactMap(string)
    if let reason = words("reason") { self.reason = reason.first.flatMap(string) }
    if let undoes = words("undoes") { self.undoes = undoes.first.flatMap(number) }
    texts = []
    while let words = words("text") {
      guard var text = TextRecord(words, string) else { return nil }
      if !words[7].elementsEqual("cut".utf8) {
        guard let patch = TextPatch(&lines) else { return nil }
        text.patch = patch
      }
      texts.append(text)
    }
    guard lines.isEmpty, !texts.isEmpty else { return nil }
  }
}

extension ChangeRecord.TextRecord {
  /// Reads the words after `text`.
  fileprivate init?(_ words: [ArraySlice<UInt8>], _ string: (ArraySlice<UInt8>) -> String?) {
    guard words.count == 8 else { return nil }
    let plain = words.map { Substring(decoding: $0, as: UTF8.self) }
    guard let table = MailTable(rawValue: String(plain[0])), let place = string(words[2]), !place.isEmpty,
      let key = Fingerprint(hex: plain[3]), let contents = KnownMaps.Contents(plain[4]),
      let removed = Int(plain[5]), let added = Int(plain[6])
    else { return nil }
    self.init(
      table: table, place: place, isNew: plain[1] == "new", removedLines: removed, addedLines: added, patch: nil,
      contents: contents, key: FingerprintKey(first: key.first, second: key.second))
  }
}

extension TextPatch {
  /// Takes the hunks that lines begin with.
  fileprivate init?(_ lines: inout ArraySlice<ArraySlice<UInt8>>) {
    self.init(hunks: [])
    while let line = lines.first, line.starts(with: "hunk ".utf8) {
      let words = String(decoding: line, as: UTF8.self).split(separator: " ")
      guard words.count == 3, let old = Int(words[1]), let new = Int(words[2]),
        0...Text.maximumCount ~= old, 0...Text.maximumCount ~= new
      else { return nil }
      lines.removeFirst()
      var hunk = Hunk(old: old, new: new, lines: [])
      while let line = lines.first, let sign = Sign(recorded: line[line.startIndex]) {
        guard let bytes = RecordText.unescaped(line.dropFirst()), !bytes.isEmpty else { return nil }
        hunk.lines.append(Line(sign, ByteString(bytes)))
        lines.removeFirst()
      }
      hunks.append(hunk)
    }
  }
}

extension TextPatch.Sign {
  fileprivate init?(recorded byte: UInt8) {
    switch byte {
    case UInt8(ascii: "="): self = .kept
    case UInt8(ascii: "-"): self = .removed
    case UInt8(ascii: "+"): self = .added
    default: return nil
    }
  }
}
