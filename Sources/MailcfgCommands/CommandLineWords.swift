internal import SystemSupport

extension GlobalOptions {
  /// The command line as the history keeps it: the words behind the program's name, those that are secret as `***`.
  ///
  /// - Parameter secrets: Words that are not to be kept.
  static func commandLine(hiding secrets: [String] = []) -> [String] {
    CurrentProcess.arguments.dropFirst().map { word in
      let text = String(decoding: word, as: UTF8.self)
      return secrets.contains(text) ? "***" : text
    }
  }
}

extension [String] {
  /// Words as a shell would read them.
  var shellWords: String {
    map { word in
      let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
          byte > 0x20 && byte != 0x7F && !"\"'\\$`&|;<>()*?[]#~!{}".utf8.contains(byte)
        }
      return isPlain || word == "***"
        ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }.joined(separator: " ")
  }
}
