internal import SendmailConfig

extension FuzzTarget {
  /// Bytes in are bytes out, and edits do to the text what they do to a plain list of lines.
  static let text = FuzzTarget("text") { input throws(FuzzFailure) in
    var edits: [(kind: Int, place: Int, count: Int, lines: [[UInt8]])] = []
    for _ in 0..<input.choice(of: 5) {
      edits.append((input.choice(of: 3), Int(input.choice()), input.choice(of: 4), input.strings(atMost: 3)))
    }
    let bytes = input.rest()
    var text = Text(bytes)
    try require(text.bytes == bytes && !text.isEdited, "not the bytes that were read")
    var model = lines(of: bytes)
    try require(text.lineCount == model.count, "\(text.lineCount) lines, not \(model.count)")
    for edit in edits {
      let first = min(edit.place, model.count)
      let last = min(first + edit.count, model.count)
      let new = edit.lines.flatMap { lines(of: $0 + [0x0A]) }
      switch edit.kind {
      case 0:
        text.replaceLines(first..<last, with: Array(new.joined()))
        replace(&model, first..<last, new)
      case 1:
        text.append(Array(new.joined()))
        replace(&model, model.count..<model.count, new)
      default:
        text.removeLines(Set(first..<last))
        model.removeSubrange(first..<last)
      }
      try require(text.bytes == Array(model.joined()), "not the bytes that the edit gives")
      try require(text.lineCount == model.count, "\(text.lineCount) lines, not \(model.count)")
    }
    for index in 0..<model.count {
      try require(text.line(index + 1).elementsEqual(model[index]), "line \(index + 1) is another one")
    }
    try requireSoundDiff(text, from: bytes)
  }

  /// The edit of a list of lines; a last line without LF gets one before something goes behind it.
  private static func replace(_ model: inout [[UInt8]], _ range: Range<Int>, _ new: [[UInt8]]) {
    model.replaceSubrange(range, with: new)
    for index in model.indices.dropLast() where model[index].last != 0x0A { model[index].append(0x0A) }
  }
}
