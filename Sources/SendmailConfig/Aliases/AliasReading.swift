/// What `newaliases(1)` takes from an aliases file, and what it says on the way.
package struct AliasReading {
  /// A message, with the number of the last physical line that was read for the entry it is about.
  ///
  /// Behind a line that is too long the number is too low, as newaliases's is.
  package struct Message {
    /// The 1-based line.
    package var line: Int
    /// newaliases's words, as it prints them behind `PATH: line N: `.
    package var text: [UInt8]
    /// The exit status that it records; nil where it records none.
    package var exitStatus: Int32?

    /// The whole line, without its LF; `path` is the file as newaliases names it.
    package func line(of path: [UInt8]) -> [UInt8] {
      AliasReading.printed(path + Array(": line \(line): ".utf8)) + text
    }
  }

  /// Words as newaliases prints them: the eighth bit is lost.
  package static func printed(_ words: [UInt8]) -> [UInt8] { AddressMessage.printed(words) }

  /// The pairs, in the order of the file; the last of a key counts.
  package private(set) var pairs = MapPairs()
  /// What is said while the file is read, in order.
  ///
  /// Of names that stand twice ``duplicate(_:)`` tells.
  package private(set) var messages: [Message] = []

  private let file: AliasesFile
  private let checksValues: Bool
  /// Where lines were read away that sendmail does not count: the 0-based line behind them, and how many in all.
  private var uncounted: [(line: Int, total: Int)] = []

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - checksValues: Whether the addresses of the values are parsed too (option CheckAliases).
  /// - Complexity: O(*n*) in bytes.
  package init(_ file: AliasesFile, checksValues: Bool = false) {
    self.file = file
    self.checksValues = checksValues
    pairs.bytes.reserveCapacity(file.text.byteCount)
    var endOfIndented = -1
    file.forEachLine { line, kind in
      switch kind {
      case .nothing: break
      case .alias(let entry, let messages):
        if messages.isEmpty, !checksValues {
          pairs.append(key: entry.key, value: entry.value, line: line.lines.lowerBound + 1)
        } else {
          append(entry, messages)
        }
      case .indented:
        // Of a run of such lines, the first is complained about.
        if endOfIndented != line.lines.lowerBound { say("Non-continuation line starts with space", line) }
        endOfIndented = line.lines.upperBound
      case .tooLong: say("alias line too long", line)
      case .noValue(let messages), .refused(let messages, _): refuse(line, messages)
      }
      if line.countedLines != line.lines.count {
        let total = (uncounted.last?.total ?? 0) + line.lines.count - line.countedLines
        uncounted.append((line.lines.upperBound, total))
      }
      return true
    }
  }

  /// The number that sendmail has for a line: that of the last physical line that it has counted.
  private func lineNumber(_ line: AliasLine) -> Int {
    let first = line.lines.lowerBound
    return first + line.countedLines - (uncounted.last { $0.line <= first }?.total ?? 0)
  }

  private mutating func say(_ words: String, _ line: AliasLine) {
    messages.append(Message(line: lineNumber(line), text: Array(words.utf8), exitStatus: 70))
  }

  private mutating func say(_ said: [AddressMessage], _ line: AliasLine) {
    for message in said {
      messages.append(Message(line: lineNumber(line), text: message.text, exitStatus: message.exitStatus))
    }
  }

  private mutating func append(_ entry: AliasEntry, _ said: [AddressMessage]) {
    say(said, entry.line)
    guard checksValues else {
      return pairs.append(key: entry.key, value: entry.value, line: entry.line.lines.lowerBound + 1)
    }
    let check = AliasValueCheck(entry.value, by: file.judge)
    say(check.messages, entry.line)
    pairs.append(key: entry.key, value: check.value, line: entry.line.lines.lowerBound + 1)
  }

  /// Says why a line with a bad name, or without a value, is no alias.
  private mutating func refuse(_ line: AliasLine, _ said: [AddressMessage]) {
    // The rules are asked again, and what is said once is in the first answer.
    let name = AliasName.parse(line.joined.span, by: file.judge)
    say(said, line)
    if checksValues, name.key != nil || name.refusal?.code == .nonLocalName, let start = name.valueOffset {
      say(AliasValueCheck(line.joined[start...], by: file.judge).messages, line)
    }
    if let refusal = name.refusal { return say([refusal], line) }
    let shown = AddressMessage.printed(line.joined.prefix(40))
    messages.append(
      Message(
        line: lineNumber(line), text: shown + Array("... missing value for alias".utf8), exitStatus: 70))
  }

  /// The warning that an earlier pair has the same key.
  ///
  /// - Parameter number: The later pair's number in ``pairs``.
  package func duplicate(_ number: Int) -> Message {
    let line = AliasLine(file.text, from: Int(pairs.pairs[number].line) - 1)
    let name = AliasName.parse(line.joined.span, by: file.judge)
    var subject: [UInt8]?
    if checksValues, let start = name.valueOffset {
      subject = AliasValueCheck(line.joined[start...], by: file.judge).subject
    }
    return Message(
      line: lineNumber(line), text: name.duplicateWarning(in: line.joined.span, about: subject), exitStatus: nil)
  }
}
