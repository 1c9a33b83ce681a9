internal import SendmailConfig

/// Virtual users that lead back to themselves.
enum VirtualUserLoop: VirtualUserCheck {
  static let check = Check("virtmap.loop", .warning, "Virtual users lead back to themselves", page: .virtmap)
  static let interest: VirtualUserTraits = [.address, .percent]

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    guard let user = entry.rule.key.user, let domain = entry.rule.key.domain else { return }
    let name = user.folded.bytes
    // A catch-all, and "+*": whoever has no entry of his own. But "%0" is the key as it stands.
    let isKey = entry.target.elementsEqual("%0".utf8)
    let isAny = name.isEmpty || ([0x2A, 0x2B].contains(name.last ?? 0) && !isKey)
    let walk = table.routes.walk(
      VirtualUserRoutes.Address(user: isAny ? nil : name, domain: domain.folded.bytes))
    guard case .loop(let start) = walk.end else { return }
    let circle = Array(walk.lines[start...])
    // Each circle once, at its first line.
    guard let first = circle.min(), first == entry.index else { return }
    let keys = (circle + circle.prefix(1)).compactMap { table.table.entry(at: $0)?.key.escaped }
    let path = findings.path
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "\(keys.joined(separator: " → ")): mail goes in a circle and is refused (\"554 5.0.0 rewrite: excessive recursion\")",
      remedy: "let one of them lead to a local name, or to an address elsewhere",
      related: circle.compactMap { line in
        table.table.entry(at: line).map {
          CheckFinding.RelatedPlace(path: path, line: line + 1, note: "\($0.key.escaped)  \($0.value.escaped)")
        }
      })
  }
}
