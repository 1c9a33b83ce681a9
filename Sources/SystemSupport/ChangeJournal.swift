/// What the journal of a change says: where new files lie, and which of them are to go where.
///
/// ```
/// journal  = header *( stage / home ) [ *replace [ append ] commit ]
/// header   = "mailcfg journal 1" LF
/// stage    = "stage" SP place LF             ; a name in the mail directory, or an absolute path
/// home     = "home" SP text LF               ; the absolute path of the mail directory, before the first absolute stage
/// replace  = "replace" SP new SP old SP stage-number SP name LF
/// append   = "append" SP name SP position SP length LF record LF
/// commit   = "commit" SP checksum LF
/// new      = 1*DIGIT                         ; inode number of the new file
/// old      = 1*DIGIT                         ; of the file it replaces; 0 if there is none
/// position = 1*DIGIT                         ; the byte of the file where the record is to begin, and its end so far
/// length   = 1*DIGIT                         ; of the record, in bytes
/// record   = *%x0A-7E
/// stage-number = 1*DIGIT                     ; which of the stage lines, from 0
/// place    = text
/// name     = text                            ; in the stage, and in the directory that the stage is in
/// text     = 1*( %x21-24 / %x26-7E / "%" 2HEXDIG )
/// checksum = 16HEXDIG                        ; FNV-1a, 64 bits, of all bytes before the line
/// ```
/// Stage lines are written before what they name is made, the rest when everything is ready to be put into place. A
/// journal without a right commit line, torn or not finished, is one of a change that has not begun to take effect.
///
/// Device numbers are not in it: they may differ after a restart, and both files are in one file system anyway.
struct ChangeJournal: Equatable {
  /// One file to put into place.
  struct Replacement: Equatable {
    /// The inode number of the new file.
    var new: UInt64
    /// The inode number of the file that it replaces; 0 if there is none.
    var old: UInt64
    /// The index in ``ChangeJournal/stages``.
    var stage: Int
    /// The name of the file.
    var name: String
  }

  /// A record to be added to a file of ours in the mail directory.
  struct Append: Equatable {
    /// The name of the file.
    var name: String
    /// The length of the file before, in bytes.
    var position: Int
    /// What is added.
    var text: String
  }

  static let header = "mailcfg journal 1\n"

  /// The mail directory that the journal was written in; nil where all is in there.
  var home: String?
  /// Where new files lie: a name in the mail directory, or an absolute path.
  var stages: [String] = []
  /// What is to be put into place; empty if that was not to begin yet.
  var replacements: [Replacement] = []
  /// What is to be added to a file once all is in place.
  var append: Append?
  /// Whether the commit line is there, and right.
  var isCommitted = false

  /// A stage line.
  static func line(stage: String) -> String { "stage \(escaped(stage))\n" }

  /// The home line.
  static func line(home: String) -> String { "home \(escaped(home))\n" }

  /// The lines that end a journal which so far holds `text`.
  static func ending(of text: String, _ replacements: [Replacement], _ append: Append? = nil) -> String {
    var lines = ""
    for one in replacements { lines += "replace \(one.new) \(one.old) \(one.stage) \(escaped(one.name))\n" }
    if let append {
      lines += "append \(escaped(append.name)) \(append.position) \(append.text.utf8.count)\n\(append.text)\n"
    }
    return lines + "commit \(RecordText.hex(RecordText.checksum((text + lines).utf8)))\n"
  }

  init() {}

  /// Reads a journal; what is torn or not understood counts as not written.
  init(parsing bytes: [UInt8]) {
    let newline = UInt8(ascii: "\n")
    var start = 0
    while let end = bytes[start...].firstIndex(of: newline) {
      let line = String(decoding: bytes[start..<end], as: UTF8.self)
      if start == 0 {
        if line + "\n" != Self.header { return }
      } else {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words.first, words.count) {
        case ("stage", 2):
          guard let place = Self.unescaped(words[1]) else { return }
          stages.append(place)
        case ("home", 2):
          guard let place = Self.unescaped(words[1]) else { return }
          home = place
        case ("replace", 5):
          guard let replacement = Replacement(Array(words[1...]), stages: stages.count) else { return }
          replacements.append(replacement)
        case ("append", 4):
          guard let begun = Append(Array(words[1...]), in: bytes[(end + 1)...]) else { return }
          append = begun
          start = end + 1 + begun.text.utf8.count + 1
          continue
        case ("commit", 2):
          isCommitted = UInt64(words[1], radix: 16) == RecordText.checksum(bytes[..<start])
          return
        default: return
        }
      }
      start = end + 1
    }
  }

  private static func escaped(_ text: String) -> String { RecordText.escaped(text.utf8) }

  /// Whether a text can be the name of a file in a directory: no slash, not `.` or `..`.
  fileprivate static func isName(_ name: String) -> Bool {
    !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0) && name != "." && name != ".."
  }

  fileprivate static func unescaped(_ text: String) -> String? {
    guard let bytes = RecordText.unescaped(text.utf8), !bytes.isEmpty else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension ChangeJournal.Replacement {
  /// Reads the words after `replace`.
  fileprivate init?(_ words: [String], stages: Int) {
    guard let new = UInt64(words[0]), let old = UInt64(words[1]), let stage = Int(words[2]),
      stage >= 0, stage < stages, let name = ChangeJournal.unescaped(words[3]), ChangeJournal.isName(name)
    else { return nil }
    self.init(new: new, old: old, stage: stage, name: name)
  }
}

extension ChangeJournal.Append {
  /// Reads the words after `append`, and what follows that line.
  fileprivate init?(_ words: [String], in rest: ArraySlice<UInt8>) {
    guard let name = ChangeJournal.unescaped(words[0]), ChangeJournal.isName(name), let position = Int(words[1]),
      let length = Int(words[2]), position >= 0, length >= 0, rest.count > length,
      rest[rest.startIndex + length] == UInt8(ascii: "\n"),
      let text = String(validating: rest.prefix(length), as: UTF8.self)
    else { return nil }
    self.init(name: name, position: position, text: text)
  }
}

extension ChangeJournal {
  /// Whether the journal was written in a directory, as far as it says.
  func isHome(_ path: String) -> Bool { home == nil || home == path }

  /// The directory of a file that is not in the mail directory, where the journal was written in another one than `path`.
  func foreignDirectory(of replacement: Replacement, at path: String) -> Substring? {
    let place = stages[replacement.stage]
    guard !isHome(path), let slash = place.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return place[..<slash]
  }
}
