import Glibc
import TestSupport
import Testing

@testable import SystemSupport

@Suite struct FingerprintTests {
  private let key = FingerprintKey(first: 1, second: 2)

  private func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test func itIsTheSameHoweverTheBytesAreCut() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<60 {
      var all = bytes(random.below(20_000), &random)
      // Blocks of zeros, on and off their places.
      if !all.isEmpty, random.oneIn(2) {
        let start = random.below(all.count)
        for index in start..<min(all.count, start + random.below(15_000)) { all[index] = 0 }
      }
      var stream = FingerprintStream(key: key)
      var start = 0
      while start < all.count {
        let end = min(all.count, start + 1 + random.below(random.oneIn(2) ? 40 : 9000))
        stream.append(all.span.extracting(start..<end))
        start = end
      }
      #expect(stream.fingerprint == Fingerprint(all.span, key: key))
    }
  }

  /// Every bit, every length, every exchange of two blocks counts; so does the key.
  @Test func whatDiffersHasAnotherFingerprint() {
    var random = SplitMix64(seed: 2)
    var seen: Set<Fingerprint> = []
    var made = 0
    func note(_ bytes: [UInt8], _ key: FingerprintKey) {
      seen.insert(Fingerprint(bytes.span, key: key))
      made += 1
    }
    for length in 0..<300 { note([UInt8](repeating: 0, count: length), key) }
    for blocks in 1..<20 { note([UInt8](repeating: 0, count: 4096 * blocks), key) }
    let text = bytes(10_000, &random)
    note(text, key)
    note(text, FingerprintKey(first: 1, second: 3))
    note(text, FingerprintKey(first: 3, second: 2))
    note(text + [0], key)
    note(Array(text[4096..<8192] + text[..<4096] + text[8192...]), key)
    note(Array(text[..<4096]) + [UInt8](repeating: 0, count: 4096) + text[4096...], key)
    note([UInt8](repeating: 0, count: 4096) + text, key)
    for bit in 0..<20_000 {
      var other = text
      other[bit / 2] ^= 1 << UInt8(random.below(8))
      if bit % 2 == 0 { note(other, key) }
    }
    #expect(seen.count == made)
  }

  /// A copy is the same file, holes included, and the fingerprint that of its bytes.
  @Test func aFileWithHolesIsCopiedAsItIs() throws {
    let scratch = try Scratch()
    var random = SplitMix64(seed: 3)
    for round in 0..<20 {
      let size = random.below(3_000_000)
      let old = try Directory(scratch.path).open("old\(round)", O_RDWR | O_CREAT, mode: 0o600)
      #expect(ftruncate(old.number, size) == 0)
      for _ in 0..<random.below(6) where size > 0 {
        let offset = random.below(size)
        let part = bytes(random.below(min(size - offset, 300_000) + 1), &random)
        #expect(unsafe pwrite(old.number, part, part.count, offset) == part.count)
      }
      let new = try Directory(scratch.path).open("new\(round)", O_RDWR | O_CREAT, mode: 0o600)
      let (copied, length) = try old.copy(to: new, key)
      let contents = try FileContents(scratch("new\(round)")).bytes
      #expect(length == size)
      #expect(try contents == FileContents(scratch("old\(round)")).bytes)
      #expect(copied == Fingerprint(contents.span, key: key))
      #expect(try new.fingerprint(key) == (copied, size))
    }
  }

  /// What another could have written or read is as good as not there.
  @Test func aNotebookIsOursAlone() throws {
    let scratch = try Scratch()
    let notebook = NotebookFile("state", in: try Directory(scratch.path))
    #expect(notebook.read() == nil)
    notebook.write(Array("first, and longer".utf8))
    notebook.write(Array("second".utf8))
    #expect(notebook.read() == Array("second".utf8))
    #expect(try scratch.status("state").mode == 0o600)
    scratch.setMode("state", 0o644)
    #expect(notebook.read() == nil)
    notebook.write(Array("third".utf8))
    #expect(notebook.read() == Array("third".utf8))
    scratch.hardLink("state", "other")
    #expect(notebook.read() == nil)
    notebook.write(Array("fourth".utf8))
    #expect(notebook.read() == Array("fourth".utf8))
    #expect(scratch.read("other") == "third")
    scratch.remove("state")
    scratch.link("other", "state")
    #expect(notebook.read() == nil)
    scratch.remove("state")
    scratch.makeDirectory("state")
    notebook.write(Array("fifth".utf8))
    #expect(notebook.read() == nil)
  }

  @Test func workOnAThreadOfItsOwnGivesItsResult() {
    let works = (0..<20).map { number in BackgroundWork { (0...number).reduce(0, +) } }
    #expect(works.map { $0.result() } == (0..<20).map { $0 * ($0 + 1) / 2 })
    #expect(works.map { $0.result() }.last == 190)
  }
}
