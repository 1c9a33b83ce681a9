internal import SendmailConfig
internal import SendmailDirectory

extension FuzzTarget {
  /// A record of the history: what is read is written again as it was read, and taking it back from any text traps nowhere.
  static let history = FuzzTarget("history") { input throws(FuzzFailure) in
    let text = Text(input.string())
    let bytes = input.rest()
    for (record, place) in ChangeRecord.records(in: bytes) {
      try require(place.upperBound <= bytes.count, "a record outside of the history")
      try require(record.id > 0, "a record without a number")
    }
    // No fuzzer hits a checksum: the record without its last line.
    guard let record = ChangeRecord(bytes[...]) else { return }
    let written = Array((ChangeRecord.header + record.text).utf8)
    guard let read = ChangeRecord.records(in: written).first?.record else {
      throw FuzzFailure(description: "what was read is not read when written")
    }
    try require(read.text == record.text, "read, written and read it is another")
    for one in record.texts {
      _ = one.diff()
      guard let patch = one.patch else { continue }
      for isExact in [false, true] {
        let reversal = PatchReversal(of: patch, from: text, isExact: isExact)
        try require(reversal.outcomes.count == patch.hunks.count, "a hunk without an outcome")
        _ = reversal.overlaps(from: "a", to: "b")
        guard !reversal.hasOverlap else { continue }
        var reversed = text
        reversal.apply(to: &reversed)
        try require(
          reversed.lineCount <= text.lineCount + patch.hunks.reduce(0) { $0 + $1.lines.count }, "too many lines")
      }
    }
  }
}
