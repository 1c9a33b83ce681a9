/// A section of Docs/checks: a check, with an example that has what it finds and one that has not.
///
/// ````
/// section = "## " code LF LF "*" severity [", mended by `--fix`"] "*" LF text 1*block
/// block   = "```" file " wrong" / " right" [" bytes"] LF *line "```" LF
/// ````
/// The file is `access`, `virtusertable`, `aliases`, `local-host-names`, `relay-domains`, `sendmail.cf`, `sendmail.mc` (what is
/// added to a stock one), a path (an included list), `ls` (modes: `-rw-r--r-- root PATH`, `- - PATH` for none) or `sh`
/// (commands, run where the maps have been built). With `bytes`, `\xNN`, `\r`, `\0` and `\e` (no final newline) stand for
/// bytes, and `\{N}c` for N times the character.
package struct DocumentedCheck: Sendable, CustomStringConvertible {
  /// An example: contents by file.
  package typealias Example = [String: [UInt8]]

  /// The code.
  package var code: String
  /// What is written about the severity.
  package var severity: String
  /// Whether it is said to be mended by `--fix`.
  package var isFixed: Bool
  /// The page's name, without `.md`.
  package var page: String
  /// The example that has it.
  package var wrong: Example = [:]
  /// The example that has not.
  package var right: Example = [:]

  package var description: String { code }

  /// All sections of all pages.
  package static let all: [DocumentedCheck] = {
    let names = (try? listDirectory(Tools.checkout + "/Docs/checks")) ?? []
    return names.filter { $0.hasSuffix(".md") && $0 != "README.md" }.flatMap { name in
      let text = (try? readFile("\(Tools.checkout)/Docs/checks/\(name)")) ?? []
      return sections(of: String(decoding: text, as: UTF8.self), page: String(name.dropLast(3)))
    }
  }()

  private static func sections(of text: String, page: String) -> [DocumentedCheck] {
    var result: [DocumentedCheck] = []
    var block: (file: String, isWrong: Bool, hasEscapes: Bool, lines: [String])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("## ") {
        result.append(
          DocumentedCheck(code: String(line.dropFirst(3)), severity: "", isFixed: false, page: page))
      } else if line.hasPrefix("```"), let open = block {
        let bytes = open.hasEscapes ? unescape(open.lines) : Array(open.lines.map { $0 + "\n" }.joined().utf8)
        if !open.file.isEmpty {
          if open.isWrong {
            result[result.count - 1].wrong[open.file] = bytes
          } else {
            result[result.count - 1].right[open.file] = bytes
          }
        }
        block = nil
      } else if line.hasPrefix("```") {
        let words = line.dropFirst(3).split(separator: " ").map(String.init)
        let isExample = words.count > 1 && !result.isEmpty
        block = (isExample ? words[0] : "", words.contains("wrong"), words.contains("bytes"), [])
      } else if block != nil {
        block?.lines.append(line)
      } else if line.hasPrefix("*"), line.hasSuffix("*"), let last = result.indices.last, result[last].severity.isEmpty
      {
        result[last].severity = String(line.dropFirst().prefix { $0.isLetter })
        result[last].isFixed = line.hasSuffix(", mended by `--fix`*")
      }
    }
    return result
  }

  private static func unescape(_ lines: [String]) -> [UInt8] {
    var result: [UInt8] = []
    for line in lines {
      var rest = Array(line.utf8)[...]
      var isEnded = true
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
          result.append(byte)
          continue
        }
        switch next {
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "0"): result.append(0)
        case UInt8(ascii: "e"): isEnded = false
        case UInt8(ascii: "x"):
          result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
          rest = rest.dropFirst(2)
        case UInt8(ascii: "{"):
          let count = Int(String(decoding: rest.prefix { $0 != UInt8(ascii: "}") }, as: UTF8.self)) ?? 0
          rest = rest.drop { $0 != UInt8(ascii: "}") }.dropFirst()
          result += [UInt8](repeating: rest.popFirst() ?? 0x78, count: count)
        default: result += [byte, next]
        }
      }
      if isEnded { result.append(0x0A) }
    }
    return result
  }

  /// Makes a `sendmail.cf` of a stock one and some lines for its `.mc`, with the paths of `/etc/mail`.
  package static func configuration(_ lines: [UInt8]) throws(TestSupportError) -> [UInt8] {
    let directory = try TemporaryDirectory(inMemory: true)
    let text =
      ["divert(0)dnl", "OSTYPE(`linux')dnl"].map { $0 + "\n" }.joined() + String(decoding: lines, as: UTF8.self)
      + "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"
    try directory.write("sendmail.mc", text)
    let outcome = try run(
      try Tools.m4,
      ["-D_CF_DIR_=\(Tools.cfDirectory)/", "\(Tools.cfDirectory)/m4/cf.m4", directory.path("sendmail.mc")],
      environment: Tools.environment)
    guard outcome.status == 0 else { throw TestSupportError(outcome.errorText) }
    return outcome.output
  }
}
