import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

/// The real `sendmail -bt`, in namespaces of its own, asked thousands of commands in one process.
final class RealTestMode {
  let directory: TemporaryDirectory
  private let site: SendmailSite

  init() throws {
    directory = try TemporaryDirectory()
    site = try SendmailSite(mailDirectory: directory.path, configuration: directory.path("site.cf"))
  }

  /// What sendmail knows of its host in the namespaces.
  static let host = HostFacts(name: "mx.test.example", otherNames: ["mx", "[127.0.0.1]"], operationMode: "t")

  /// The beginning of a configuration to try rules with.
  static let frame = """
    V10/Berkeley
    O DontBlameSendmail=TrustStickyBit,GroupWritableDirPathSafe
    O DontProbeInterfaces=True
    O OperatorChars=.:%@!^/[]+
    Djmx.test.example
    Mlocal, P=/bin/true, F=l, A=true
    Mprog, P=/bin/true, F=l, A=true

    """

  /// A command whose output nothing else looks like.
  private static let mark = (command: Array("zz9 x\n".utf8), output: Array("> Undefined ruleset zz9\n".utf8))

  /// Runs commands, and gives what each of them prints; the first is what is printed before the first prompt.
  func run(_ commands: [[UInt8]], configuration: [UInt8], debug: String) throws -> [[UInt8]] {
    try directory.write("site.cf", configuration)
    var input = Self.mark.command
    for command in commands { input += command + [0x0A] + Self.mark.command }
    let outcome = try site.sendmail(["-bt"] + (debug.isEmpty ? [] : ["-d\(debug)"]), input: input)
    let parts = Self.split(outcome.output)
    try #require(
      parts.count == commands.count + 2, "\(ByteString((outcome.errors + outcome.output).suffix(3000)))")
    // The prompt is in front of each output.
    return [outcome.errors + parts[0]] + parts.dropFirst().prefix(commands.count).map { Array($0.dropFirst(2)) }
  }

  /// The output between the marks.
  private static func split(_ output: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    var index = 0
    while index < output.count {
      if output[index] == mark.output[0], output[index...].starts(with: mark.output) {
        parts.append([])
        index += mark.output.count
      } else {
        parts[parts.count - 1].append(output[index])
        index += 1
      }
    }
    return parts
  }

  /// Output without what only the other process can have: addresses in memory, missing files; and without what is
  /// not compared: the frame of an address in a header.
  static func comparable(_ output: [UInt8]) -> String {
    var text = String(decoding: output, as: UTF8.self)
    if text.contains("missing map file") || text.hasPrefix("Cracked address") {
      text = text.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.contains("missing map file") && !$0.hasPrefix("Cracked address") }.joined(separator: "\n")
    }
    if let place = text.firstRange(of: "\nRcode = ") {
      text = String(text[..<place.upperBound] + text[place.upperBound...].prefix { $0 != "," })
    }
    if text.contains("0x") { text = text.replacing(#/\ 0x[0-9a-f]+=/#, with: " =") }
    return text
  }
}
