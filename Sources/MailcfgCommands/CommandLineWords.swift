internal import SystemSupport

extension GlobalOptions {
  /// The command line as the history keeps it: the words behind the program's name, those that are secret as `***`.
  ///
  /// - Parameter secrets: Words that are not to be kept.
  static func commandLine(hiding secrets: [String] = []) -> [String] {
    (CurrentProcess.arguments ?? []).dropFirst().map { word in
      let text = String(decoding: word, as: UTF8.self)
      return secrets.contains(text) ? "***" : text
    }
  }
}

extension [String] {
  /// Words as a shell would read them.
  var shellWords: String { map(\.shellWord).joined(separator: " ") }
}

extension String {
  /// A word as a shell would read it; three stars are what they are.
  private static let special = Set("\"'\\$`&|;<>()*?[]#~!{}".utf8)

  fileprivate var shellWord: String {
    let isPlain = !isEmpty && utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !String.special.contains($0) }
    if isPlain || self == "***" { return self }
    return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
