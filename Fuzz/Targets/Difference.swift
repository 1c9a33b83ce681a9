internal import SendmailConfig

/// What two lists have that the other has not, in their order: the shortest account of a single edit.
struct Difference<Element: Equatable> {
  var removed: ArraySlice<Element>
  var added: ArraySlice<Element>

  /// Leaves out what both begin with and what both end with.
  init(_ before: [Element], _ after: [Element]) {
    var (old, new) = (before[...], after[...])
    while let first = old.first, first == new.first {
      old.removeFirst()
      new.removeFirst()
    }
    while let last = old.last, last == new.last {
      old.removeLast()
      new.removeLast()
    }
    (removed, added) = (old, new)
  }
}

/// Sees that findings are about lines that are there, and that no byte of the file acts on a terminal.
func requireSound(_ findings: [Diagnostic], of text: Text) throws(FuzzFailure) {
  for finding in findings {
    try require(1...max(1, text.lineCount) ~= finding.line && finding.column > 0, "a finding of no line")
    try requireOneLine(finding.message + finding.remedy)
  }
}

/// Sees that a message stands on one line, without control characters.
func requireOneLine(_ message: String) throws(FuzzFailure) {
  try require(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a message with a control character: \(message)")
}

/// Lines with their terminators.
func lines(of bytes: [UInt8]) -> [[UInt8]] {
  var lines: [[UInt8]] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let end = rest.firstIndex(of: 0x0A).map { $0 + 1 } ?? rest.endIndex
    lines.append(Array(rest[..<end]))
    rest = rest[end...]
  }
  return lines
}

/// Sees that a text that was edited gives the bytes that its diff says, and that the diff names no line that did not change.
func requireSoundDiff(_ text: Text, from original: [UInt8]) throws(FuzzFailure) {
  let bytes = text.bytes
  try require(text.original.bytes == original, "the original is not what was read")
  try require(text.byteCount == bytes.count, "\(text.byteCount) bytes counted, \(bytes.count) given")
  let diff = text.unifiedDiff(from: "old", to: "new")
  try require(try patched(original, with: diff) == bytes, "the diff does not give the edited text")
  try require(text.isEdited || bytes == original, "changed, and not edited")
  let (old, new) = (lines(of: original), lines(of: bytes))
  for change in text.changes {
    let lines = change.action == .removed ? old : new
    try require(1...lines.count ~= change.line, "a change of line \(change.line) of \(lines.count)")
    let content = (change.after ?? change.before)?.bytes ?? []
    try require(lines[change.line - 1].starts(with: content), "line \(change.line) is another one than its change says")
  }
}

/// Applies a unified diff as patch(1) does, but exactly.
private func patched(_ original: [UInt8], with diff: [UInt8]) throws(FuzzFailure) -> [UInt8] {
  guard !diff.isEmpty else { return original }
  let old = lines(of: original)
  let diff = Array(lines(of: diff).dropFirst(2))
  var result: [[UInt8]] = []
  var next = 0
  for (index, line) in diff.enumerated() {
    // "\ No newline at end of file" is about the line before it.
    let isCut = index + 1 < diff.count && diff[index + 1].first == UInt8(ascii: "\\")
    let content = Array(isCut ? line.dropFirst().dropLast() : line.dropFirst())
    switch line.first {
    case UInt8(ascii: "@"):
      let numbers = line.split { !(0x30...0x39 ~= $0 || $0 == 0x2C) }[0].split(separator: 0x2C)
        .map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
      // A range of no lines is named by the line before it.
      let first = numbers.count > 1 && numbers[1] == 0 ? numbers[0] : numbers[0] - 1
      try require(first >= next && first <= old.count, "hunks out of order")
      result += old[next..<first]
      next = first
    case UInt8(ascii: " "), UInt8(ascii: "-"):
      try require(next < old.count && old[next] == content, "a hunk that does not fit")
      if line.first == UInt8(ascii: " ") { result.append(content) }
      next += 1
    case UInt8(ascii: "+"): result.append(content)
    case UInt8(ascii: "\\"): break
    default: throw FuzzFailure(description: "an odd line in a diff")
    }
  }
  return Array((result + old[next...]).joined())
}
