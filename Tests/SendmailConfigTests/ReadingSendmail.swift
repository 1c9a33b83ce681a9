import TestSupport
import Testing

@testable import SendmailConfig

/// The real sendmail, asked what it reads of a sendmail.cf: it says so line by line with `-d37.8`.
final class ReadingSendmail {
  let directory: TemporaryDirectory
  private let site: SendmailSite

  init() throws {
    directory = try TemporaryDirectory()
    site = try SendmailSite(mailDirectory: directory.path, configuration: directory.path("real.cf"))
  }

  /// What sendmail needs of every configuration.
  static let frame = """
    V10/Berkeley
    O DontBlameSendmail=TrustStickyBit
    O DontProbeInterfaces=True
    Djmx.test.example
    Mlocal, P=/bin/true, F=l, A=true
    Mprog, P=/bin/true, F=l, A=true

    """

  /// The lines that sendmail prints while it reads some configuration lines, behind those of the frame.
  func read(_ lines: [UInt8], debug: String = "37.8", input: String = "") throws -> [ArraySlice<UInt8>] {
    try directory.write("real.cf", Array((Self.frame + "O FallbackMXhost=mark\n").utf8) + lines)
    let outcome = try site.sendmail(["-bt", "-d\(debug)"], input: Array(input.utf8))
    let output = (outcome.output + outcome.errors).split(separator: 0x0A)
    let start = output.firstIndex { Self.isMark($0) }
    guard let start else { throw TestSupportError(outcome.outputText + outcome.errorText) }
    return Array(output[(start + 1)...])
  }

  /// Whether sendmail printed this for the option that marks a place.
  private static func isMark(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: "setoption FallbackMXhost".utf8) && line.suffix(5).elementsEqual("=mark".utf8)
  }

  /// The sendmail.cf of the tests, made with m4 from Debian's sources.
  func stockConfiguration() throws -> [UInt8] {
    let other = try TemporaryDirectory()
    return try readFile(try SendmailSite(mailDirectory: other.path).configuration)
  }

  /// The words of each class file, in the order of their `F` lines.
  func words(of sources: [(file: [UInt8], format: String)]) throws -> [[ByteString]] {
    var lines = ""
    for (index, source) in sources.enumerated() {
      try directory.write("words\(index)", source.file)
      lines += "F{Probe}\(directory.path("words\(index)")) \(source.format)\n"
    }
    var result: [[ByteString]] = []
    let (head, word) = (Array("fileclass(".utf8), Array("setclass(Probe, ".utf8))
    for line in try read(Array((lines + "O FallbackMXhost=mark\n").utf8)) {
      if line.starts(with: head) {
        result.append([])
      } else if line.starts(with: word), !result.isEmpty {
        result[result.count - 1].append(ByteString(line.dropFirst(word.count).dropLast()))
      } else if Self.isMark(line) {
        break
      }
    }
    return result
  }
}
