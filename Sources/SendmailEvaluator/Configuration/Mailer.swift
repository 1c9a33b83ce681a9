public import SendmailConfig

/// A mailer (`M` line): how mail is delivered.
public struct Mailer: Sendable, Equatable {
  /// The name, such as `local` or `esmtp`.
  public var name: ByteString
  /// The program, `[IPC]` or `[FILE]` (`P=`).
  public var path: ByteString
  /// The flags (`F=`), each once.
  public var flags: Set<UInt8>
  /// The arguments (`A=`), macros as `$x`.
  public var arguments: ByteString
  /// The rule sets for addresses of the sender, in the envelope and in headers; 0 for none (`S=`).
  public var senderRuleSets: (envelope: Int, header: Int) { (rewriting[0], rewriting[1]) }
  /// The rule sets for addresses of recipients, in the envelope and in headers; 0 for none (`R=`).
  public var recipientRuleSets: (envelope: Int, header: Int) { (rewriting[2], rewriting[3]) }
  /// The fields as they stand.
  public var fields: EquatesLine
  /// The 1-based line; 0 for one that sendmail has of its own.
  public var line: Int
  var rewriting = [0, 0, 0, 0]

  /// Whether a flag is set.
  public func has(_ flag: Character) -> Bool { flag.asciiValue.map(flags.contains) ?? false }

  /// The mailers that sendmail has without a line.
  static let own: [Mailer] = [
    make("prog", "/bin/sh", "lsoDq9", "sh -c $u"), make("*file*", "[FILE]", "9DEFMPloqsu", "FILE $u"),
    make("*include*", "/dev/null", "su", "INCLUDE $u"),
  ]

  private static func make(_ name: ByteString, _ path: ByteString, _ flags: String, _ arguments: ByteString) -> Mailer {
    Mailer(
      name: name, path: path, flags: Set(flags.utf8), arguments: arguments,
      fields: EquatesLine(name: name, fields: [], line: 0), line: 0)
  }

  /// Reads the body of an `M` line; nil where sendmail takes no mailer from it.
  static func read(
    _ body: ArraySlice<UInt8>, line: Int, ruleSets: inout RuleSetTable, names: MacroNames, report: (ByteString) -> Void
  ) -> Mailer? {
    guard let fields = EquatesLine.read(body, line: line) else {
      report("name required for mailer")
      return nil
    }
    var mailer = Mailer(
      name: fields.name, path: "", flags: [], arguments: "", fields: fields, line: line)
    var isComplete = (path: false, arguments: false)
    for field in fields.fields {
      switch field.letter {
      case UInt8(ascii: "P"):
        mailer.path = field.value
        isComplete.path = true
      case UInt8(ascii: "F"): mailer.flags.formUnion(field.value.bytes.filter { !ASCII.isSpace($0) })
      case UInt8(ascii: "A"):
        mailer.arguments = ByteString(MacroText.written(field.value.bytes[...], names: names))
        isComplete.arguments = !field.value.isEmpty
      case UInt8(ascii: "S"), UInt8(ascii: "R"):
        let sides = field.value.bytes.split(separator: 0x2F, maxSplits: 1, omittingEmptySubsequences: false)
        let first = field.letter == UInt8(ascii: "S") ? 0 : 2
        for (index, side) in sides.enumerated() {
          do { mailer.rewriting[first + index] = try ruleSets.enter(Array(side)) } catch { report(error.message) }
        }
        if sides.count == 1 { mailer.rewriting[first + 1] = mailer.rewriting[first] }
      case _ where !"EMLDNUTWCQr/m".utf8.contains(field.letter):
        report("M\(mailer.name): unknown mailer equate \(ByteString([field.letter]))=")
      default: break
      }
    }
    guard isComplete.arguments else {
      report("M\(mailer.name): A= argument required")
      return nil
    }
    guard isComplete.path else {
      report("M\(mailer.name): P= argument required")
      return nil
    }
    if mailer.path == "[TCP]" { report("M\(mailer.name): P=[TCP] must be replaced by P=[IPC]") }
    return mailer
  }
}

/// What was read from sendmail.cf, as one would write it there.
enum MacroText {
  /// What is written, with the bytes that stand for `$x`, `${name}` and `$?x`; a name that no line has is left out.
  static func read(_ written: ArraySlice<UInt8>, names: MacroNames) -> [UInt8] {
    var result: [UInt8] = []
    var rest = written
    while let byte = rest.popFirst() {
      guard byte == 0x24, var name = rest.popFirst() else {
        result.append(byte)
        continue
      }
      result.append(Meta.macro)
      if name == UInt8(ascii: "?"), let behind = rest.popFirst() {
        result.append(name)
        name = behind
      }
      guard name == 0x7B else {
        result.append(name)
        continue
      }
      let long = rest.prefix { $0 != 0x7D }
      rest = rest.dropFirst(long.count + 1)
      if let number = names.find(ByteString(long)) { result.append(number) } else { result.removeLast() }
    }
    return result
  }

  /// The bytes with `$x` and `${name}` for macros, `$*` for what stands for it.
  static func written(_ bytes: ArraySlice<UInt8>, names: MacroNames) -> [UInt8] {
    var result: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      guard Meta.isMeta(byte), let sign = Meta.sign(byte) else {
        result.append(byte)
        continue
      }
      result.append(0x24)
      if sign != 0 { result.append(sign) }
      guard [Meta.macro, Meta.deferredMacro, Meta.inClass, Meta.notInClass, Meta.matched].contains(byte),
        index < bytes.endIndex
      else { continue }
      if byte == Meta.macro, [0x3D, 0x7E, 0x26, 0x3F].contains(bytes[index]), index + 1 < bytes.endIndex {
        result.append(bytes[index])
        index += 1
      }
      result += byte == Meta.matched ? [bytes[index]] : names.written(bytes[index])
      index += 1
    }
    return result
  }
}
