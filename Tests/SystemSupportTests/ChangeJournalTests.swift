import Testing

@testable import SystemSupport

@Suite struct ChangeJournalTests {
  private let stages = [".mailcfg-abc", "/srv/a b%\u{FC}\n/.mailcfg-def"]
  private let replacements = [
    ChangeJournal.Replacement(new: 12, old: 7, stage: 0, name: "access.db"),
    ChangeJournal.Replacement(new: .max, old: 0, stage: 1, name: "ali ases%\n"),
  ]

  private let append = ChangeJournal.Append(name: ".mailcfg.x y", position: 17, text: "a\ncommit 0\n\n")

  private var text: String {
    let begun = ChangeJournal.header + stages.map(ChangeJournal.line(stage:)).joined()
    return begun + ChangeJournal.ending(of: begun, replacements, append)
  }

  @Test func readsWhatItWrites() {
    let journal = ChangeJournal(parsing: Array(text.utf8))
    #expect(journal.stages == stages)
    #expect(journal.replacements == replacements)
    #expect(journal.append == append)
    #expect(journal.isCommitted)
    #expect(text.split(separator: "\n").count == 9)
  }

  /// A format that another version reads: pinned, checksum and all.
  @Test func isWrittenLikeThis() {
    let begun = ChangeJournal.header + ChangeJournal.line(stage: ".mailcfg-abc")
    #expect(
      begun + ChangeJournal.ending(of: begun, [replacements[0]]) == """
        mailcfg journal 1
        stage .mailcfg-abc
        replace 12 7 0 access.db
        commit 5d94e1adc96e8f64

        """)
  }

  @Test func aRecordIsWrittenLikeThis() {
    let begun = ChangeJournal.header + ChangeJournal.line(stage: ".mailcfg-abc")
    #expect(
      begun + ChangeJournal.ending(of: begun, [replacements[0]], append) == """
        mailcfg journal 1
        stage .mailcfg-abc
        replace 12 7 0 access.db
        append .mailcfg.x%20y 17 12
        a
        commit 0


        commit fd0274d131a93f1a

        """)
  }

  @Test func tornAnywhereItIsNotCommitted() {
    let bytes = Array(text.utf8)
    for end in 0..<bytes.count {
      let journal = ChangeJournal(parsing: Array(bytes[..<end]))
      #expect(!journal.isCommitted)
      #expect(stages.starts(with: journal.stages))
    }
    #expect(ChangeJournal(parsing: []) == ChangeJournal())
  }

  @Test func aFlippedBitIsNoticed() {
    let bytes = Array(text.utf8)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        let journal = ChangeJournal(parsing: flipped)
        // Lower and upper case of the checksum's digits are the same number.
        let isSame = journal.replacements == replacements && journal.stages == stages && journal.append == append
        #expect(!journal.isCommitted || isSame)
      }
    }
  }

  @Test(arguments: ["..", ".", "a/b", "%2e%2E", "a%2Fb", "a%00b", "%", "%4", "%zz", ""])
  func refusesNamesThatLeadElsewhere(name: String) {
    let begun = ChangeJournal.header + "stage x\n"
    let journal = ChangeJournal(parsing: Array((begun + "replace 1 2 0 \(name)\n").utf8))
    #expect(journal.replacements.isEmpty)
    #expect(!ChangeJournal(parsing: Array((begun + "replace 1 2 1 a\n").utf8)).isCommitted)
  }
}
