/// What the journal of a change says: where new files lie, and which of them are to go where.
///
/// ```
/// journal  = header *stage [ *replace commit ]
/// header   = "mailcfg journal 1" LF
/// stage    = "stage" SP place LF             ; a name in the mail directory, or an absolute path
/// replace  = "replace" SP new SP old SP stage-number SP name LF
/// commit   = "commit" SP checksum LF
/// new      = 1*DIGIT                         ; inode number of the new file
/// old      = 1*DIGIT                         ; of the file it replaces; 0 if there is none
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

  static let header = "mailcfg journal 1\n"

  /// Where new files lie: a name in the mail directory, or an absolute path.
  var stages: [String] = []
  /// What is to be put into place; empty if that was not to begin yet.
  var replacements: [Replacement] = []
  /// Whether the commit line is there, and right.
  var isCommitted = false

  /// A stage line.
  static func line(stage: String) -> String { "stage \(escaped(stage))\n" }

  /// The lines that end a journal which so far holds `text`.
  static func ending(of text: String, _ replacements: [Replacement]) -> String {
    var lines = ""
    for one in replacements { lines += "replace \(one.new) \(one.old) \(one.stage) \(escaped(one.name))\n" }
    let sum = String(checksum((text + lines).utf8), radix: 16)
    return lines + "commit " + String(repeating: "0", count: 16 - sum.utf8.count) + sum + "\n"
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
        case ("replace", 5):
          guard let replacement = Replacement(Array(words[1...]), stages: stages.count) else { return }
          replacements.append(replacement)
        case ("commit", 2):
          isCommitted = UInt64(words[1], radix: 16) == Self.checksum(bytes[..<start])
          return
        default: return
        }
      }
      start = end + 1
    }
  }

  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      if byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "%") {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return result
  }

  fileprivate static func unescaped(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
          return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
  }
}

extension ChangeJournal.Replacement {
  /// Reads the words after `replace`.
  ///
  /// A name is one name: no slash, not `.` or `..`.
  fileprivate init?(_ words: [String], stages: Int) {
    guard let new = UInt64(words[0]), let old = UInt64(words[1]), let stage = Int(words[2]),
      stage >= 0, stage < stages, let name = ChangeJournal.unescaped(words[3]),
      !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0), name != ".", name != ".."
    else { return nil }
    self.init(new: new, old: old, stage: stage, name: name)
  }
}
