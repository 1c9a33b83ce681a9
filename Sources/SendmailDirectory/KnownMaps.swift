internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// What is known of texts and their maps: that a map with these contents holds exactly what a text with those gives.
///
/// Such a sentence is about contents, whichever files they are in, so it is true for ever: of copies, of backups, after a
/// crash. One about contents that are not there is of no use and does no harm; nothing has to be kept in step.
///
/// ```
/// state       = header key *map end
/// header      = "mailcfg state 1" LF          ; another number, and nothing is known
/// key         = "key" SP 32HEXDIG LF          ; the fingerprints' own
/// map         = "map" SP table SP rules SP text SP contents SP entries *( SP twice ) LF
/// table       = "access" / "virtmap" / "alias"
/// rules       = 32HEXDIG                      ; type and conventions of the map, names of the host
/// text        = size ":" 32HEXDIG             ; the text's length and fingerprint
/// contents    = size ":" 32HEXDIG             ; the map's
/// entries     = 1*DIGIT
/// twice       = 1*HEXDIG                      ; a key that the text has more than once, as stored
/// end         = "end" SP 16HEXDIG LF          ; the checksum of all before
/// ```
struct KnownMaps {
  /// The file of the mail directory that this is kept in.
  static let fileName = ".mailcfg.state"
  /// To be raised whenever a text gives other pairs to its map than it did for an older version.
  static let header = "mailcfg state 1"
  /// How many keys that stand twice are remembered; with more nothing is known of the map.
  static let mostTwice = 64

  /// The length and the fingerprint of a file's contents.
  struct Contents: Hashable, Sendable {
    var size: Int
    var fingerprint: Fingerprint
  }

  /// What is known of a map.
  struct Record: Hashable, Sendable {
    /// What the pairs depend on beside the text.
    var rules: Fingerprint
    var text: Contents
    var map: Contents
    /// How many pairs the map holds, the marker not counted.
    var entries: Int
    /// The keys, as stored, that the text has more than once.
    var twice: Set<[UInt8]>
  }

  /// The key of the fingerprints.
  var key = FingerprintKey.random()
  /// What is known, by table.
  var records: [MailTable: Record] = [:]

  /// Nothing.
  init() {}

  /// Reads what is known in a mail directory.
  init(in directory: Directory) {
    if let bytes = NotebookFile(KnownMaps.fileName, in: directory).read(), let state = KnownMaps(parsing: bytes) {
      self = state
    }
  }

  /// Writes it down.
  func write(in directory: Directory) { NotebookFile(KnownMaps.fileName, in: directory).write(bytes) }

  /// What the pairs of a map depend on beside its text.
  func rules(_ map: TableLocation.MapLocation, _ tables: MailTables, _ table: MailTable) -> Fingerprint {
    var text = "\(map.type) \(map.conventions.foldsCase) \(map.conventions.includesNul) \(map.conventions.marker)"
    text += " \(map.conventions.duplicates)"
    if table == .alias {
      let names =
        tables.aliases.hosts.names.map { ByteString($0) }.sorted() + [ByteString(tables.aliases.hosts.fullName)]
      for name in names { text += " \(name.escaped)" }
    }
    return Fingerprint(Array(text.utf8).span, key: key)
  }
}

extension KnownMaps {
  /// Reads the bytes of the file; nil where they are not whole, or of another version.
  init?(parsing bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.popLast() == "", let end = lines.popLast(), lines.first.map(String.init) == KnownMaps.header else {
      return nil
    }
    let body = lines.joined(separator: "\n") + "\n"
    guard end == "end \(RecordText.hex(RecordText.checksum(body.utf8)))" else { return nil }
    lines.removeFirst()
    guard let key = lines.popFirst()?.split(separator: " "), key.count == 2, key[0] == "key",
      let halves = Fingerprint(hex: key[1])
    else { return nil }
    self.key = FingerprintKey(first: halves.first, second: halves.second)
    for line in lines {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[0] == "map", let table = MailTable(rawValue: String(words[1])),
        let rules = Fingerprint(hex: words[2]), let text = Contents(words[3]), let map = Contents(words[4]),
        let entries = Int(words[5])
      else { return nil }
      var twice: Set<[UInt8]> = []
      for word in words[6...] {
        guard let key = KnownMaps.bytes(hex: word) else { return nil }
        twice.insert(key)
      }
      records[table] = Record(rules: rules, text: text, map: map, entries: entries, twice: twice)
    }
  }

  /// The bytes of the file.
  var bytes: [UInt8] {
    var text = "\(KnownMaps.header)\nkey \(Fingerprint(first: key.first, second: key.second).hex)\n"
    for (table, record) in records.sorted(by: { $0.key < $1.key }) {
      text += "map \(table.rawValue) \(record.rules.hex) \(record.text.text) \(record.map.text) \(record.entries)"
      for key in record.twice.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        text += " \(key.map { RecordText.hex($0) }.joined())"
      }
      text += "\n"
    }
    return Array((text + "end \(RecordText.hex(RecordText.checksum(text.utf8)))\n").utf8)
  }

  private static func bytes(hex word: Substring) -> [UInt8]? {
    let digits = Array(word.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension KnownMaps.Contents {
  /// Reads `size:fingerprint`.
  init?(_ word: Substring) {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let size = Int(parts[0]), let fingerprint = Fingerprint(hex: parts[1]) else { return nil }
    self.init(size: size, fingerprint: fingerprint)
  }

  /// As `size:fingerprint`.
  var text: String { "\(size):\(fingerprint.hex)" }
}

extension Fingerprint {
  /// Reads 32 digits.
  init?(hex: Substring) {
    guard hex.utf8.count == 32, let first = UInt64(hex.prefix(16), radix: 16),
      let second = UInt64(hex.suffix(16), radix: 16)
    else { return nil }
    self.init(first: first, second: second)
  }

  /// In 32 digits.
  var hex: String { RecordText.hex(first) + RecordText.hex(second) }
}
