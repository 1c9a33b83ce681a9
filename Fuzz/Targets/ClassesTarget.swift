internal import SendmailConfig

extension FuzzTarget {
  /// Class files under hostile formats: a word comes or goes, and no other.
  static let classes = FuzzTarget("classes", dictionary: "classes") { input throws(FuzzFailure) in
    let formats: [ClassFileFormat] = [.firstWord, .beforeNumberSign]
    let choice = input.choice(of: 4)
    let format = choice < 2 ? formats[choice] : ClassFileFormat(ByteString(input.string()))
    let purpose = input.pick([ClassFile.Purpose.localHosts, .relayDomains, .words])
    let isRemoval = input.choice(of: 2) == 0
    let word = ByteString(input.string())
    let bytes = input.rest()
    var file = ClassFile(bytes, format: format, purpose: purpose)
    let before = file.members
    for member in before {
      let line = file.text.line(member.line).dropFirst(member.column - 1)
      try require(line.starts(with: member.word.bytes), "a member that does not stand where it is said to")
      try require(!member.word.isEmpty, "an empty member")
    }
    try requireSound(file.diagnostics, of: file.text)
    do throws(EditError) {
      if isRemoval { try file.remove(word) } else { try file.add(word) }
    } catch {
      try requireOneLine(error.message)
      return try require(file.text.bytes == bytes, "a refused change changed the text")
    }
    let after = ClassFile(file.text.bytes, format: format, purpose: purpose).members.map(\.word)
    let old = before.map(\.word)
    if isRemoval {
      try require(after == old.filter { $0.folded != word.folded }, "not the words that should be left")
    } else {
      let difference = Difference(old, after)
      let isThere = old.contains { $0.folded == word.folded }
      try require(difference.removed.isEmpty, "a word went")
      try require(Array(difference.added) == (isThere ? [] : [word]), "other words came: \(difference.added)")
    }
    try requireSoundDiff(file.text, from: bytes)
  }
}
