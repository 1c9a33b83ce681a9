internal import SendmailConfig

/// A check of single aliases.
protocol AliasCheck: Sendable {
  /// What it is.
  static var check: Check { get }
  /// Looks at an alias.
  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings)
}

/// An alias as checks see it.
struct AliasView {
  let line: AliasLineView
  let key: [UInt8]
  /// Where the value begins in the joined line.
  let valueStart: Int
  let destinations: [AliasDestination]
  /// The places of the destinations in the value, where nothing in the alias is out of the ordinary.
  let plain: [Range<Int>]?
  let text: Text

  /// The 1-based line on which it begins.
  var firstLine: Int { line.lines.lowerBound + 1 }
  /// The value.
  var value: ArraySlice<UInt8> { line.joined[valueStart...] }
  /// The name as shown.
  var name: String { ByteString(key).escaped }

  /// Where a byte of the value stands.
  func place(_ offset: Int) -> (line: Int, column: Int) {
    line.lines.count == 1 ? (firstLine, valueStart + offset + 1) : line.place(valueStart + offset)
  }

  /// Adds a finding at a destination.
  func report(
    _ check: Check, at destination: AliasDestination, offset: Int = 0, _ findings: inout FileFindings,
    message: @autoclosure () -> String, remedy: @autoclosure () -> String,
    related: @autoclosure () -> [CheckFinding.RelatedPlace] = [], fix: @autoclosure () -> TextFix? = nil
  ) {
    let place = place(destination.range.lowerBound + offset)
    findings.add(
      check, line: place.line, column: place.column, entry: firstLine, message: message(), remedy: remedy(),
      related: related(), fix: fix())
  }

  /// The alias's lines with some bytes of one line replaced.
  func fix(line number: Int, _ change: (ArraySlice<UInt8>) -> [UInt8]) -> TextFix {
    TextFix(lines: number - 1..<number, replacement: change(text.line(number)))
  }
}

enum AliasChecks {
  /// Every check of single aliases.
  static let entries: [any AliasCheck.Type] = [
    AliasNeverMatches.self, AliasRenamed.self, AliasColonInName.self, AliasNonASCII.self, AliasMissingComma.self,
    AliasCommentInValue.self, AliasNotASeparator.self, AliasUnquotedBlank.self, AliasNotSpecial.self,
    AliasBadDestination.self, AliasIncludeRelative.self, AliasIncludeMissing.self, AliasIncludeUnsafe.self,
    AliasIncludeEmpty.self, AliasIncludeComment.self, AliasRunsProgram.self, AliasProgramMissing.self,
    AliasWritableTarget.self,
  ]

  /// Looks at the aliases; also gives the graph of where they lead.
  static func run(
    _ input: CheckedText<AliasesFile>, _ context: CheckContext, _ findings: inout FileFindings
  ) -> AliasGraph {
    let file = input.content
    let text = file.text
    addFileFindings(text, &findings)
    var graph = AliasGraph(path: input.path, text: text)
    file.forEachView { view in
      if let finding = view.finding {
        findings.add(finding, code: finding.code, entry: view.lines.lowerBound + 1)
      }
      guard let alias = view.alias else { return }
      let items = PlainDestinations.ranges(of: view, alias)
      let seen = AliasView(
        line: view, key: alias.key, valueStart: alias.valueStart,
        destinations: items == nil ? AliasDestination.parse(view.joined[alias.valueStart...], hosts: file.hosts) : [],
        plain: items, text: text)
      if items == nil {
        for check in entries { check.examine(seen, context, &findings) }
      }
      let value = ByteString(seen.value)
      if let earlier = graph.add(seen) {
        let old = graph.value(of: earlier)
        findings.add(
          Diagnostic.duplicate(
            ByteString(alias.key), line: graph.line(of: earlier), counted: seen.firstLine, isAlias: true),
          code: .aliasDuplicate, entry: graph.line(of: earlier),
          related: [
            CheckFinding.RelatedPlace(
              path: input.path, line: seen.firstLine, note: "this line counts: \(value.escaped)")
          ],
          fix: old == value ? TextFix(lines: graph.lines(of: earlier), replacement: []) : nil)
      }
    }
    return graph
  }

  /// What concerns the file as a whole: a byte-order mark, CR LF.
  private static func addFileFindings(_ text: Text, _ findings: inout FileFindings) {
    if text.buffer.starts(with: [0xEF, 0xBB, 0xBF]), text.lines.first?.start == 0 {
      findings.add(
        AliasByteOrderMark.check, line: 1, entry: 0,
        message:
          "the file begins with a byte-order mark, which becomes part of the first name, or makes an alias of a comment",
        remedy: "remove the first three bytes", fix: TableFixes.withoutByteOrderMark(text))
    }
    let first = text.lines.indices.first { index in
      let line = text.lines[index].range
      return line.count >= 2 && text.buffer[line.upperBound - 2] == ASCII.carriageReturn
        && text.buffer[line.upperBound - 1] == ASCII.lineFeed
    }
    if let first {
      findings.add(
        AliasCarriageReturn.check, line: first + 1, column: text.content(at: first).count, entry: 0,
        message:
          "the line ends in CR LF: newaliases stores the CR as part of the value, and takes a line with nothing else "
          + "for an alias without a colon (first of such lines)",
        remedy: "convert the file to LF line ends", fix: TableFixes.withoutCarriageReturns(text))
    }
  }
}
