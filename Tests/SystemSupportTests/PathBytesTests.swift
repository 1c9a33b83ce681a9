import SystemSupport
import TestSupport
import Testing

/// Every name of a file has one string, and every string one name.
@Suite struct PathBytesTests {
  @Test func everyNameComesBack() {
    var random = SplitMix64(seed: 1)
    let pieces: [[UInt8]] = [
      [0x61], [0x2F], [0xC3, 0xA9], [0xE9], [0xFF], [0x80], [0xF3, 0xB0, 0x83, 0xA9], [0xF3, 0xB0],
      [0xF4, 0x8F, 0xBF, 0xBF],
      [0xED, 0xA0, 0x80], [0xC0, 0x80], [0x0D, 0x0A], [0x65, 0xCC, 0x81],
    ]
    var strings: [[UInt8]: [UInt8]] = [:]
    for _ in 0..<3000 {
      let name = (0..<random.below(8)).flatMap { _ in random.pick(pieces) }
      let string = String(path: name)
      #expect(string.pathBytes == name, "\(printable(name))")
      // As bytes: two spellings of é are one for `==`.
      if let other = strings[Array(string.utf8)] { #expect(other == name, "\(printable(name))") }
      strings[Array(string.utf8)] = name
    }
    #expect(String(path: Array("plain/é".utf8)) == "plain/é")
    #expect(!String(path: Array("plain/é".utf8)).hasStandIns)
  }

  @Test(arguments: [("a/b", "a", "b"), ("/b", "/", "b"), ("b", ".", "b"), ("a//b", "a/", "b"), ("a/", "a", "")])
  func partsOfAPath(path: String, parent: String, name: String) {
    #expect(path.pathParent == parent)
    #expect(path.pathName == name)
  }
}
