/// An option as sendmail sets it while it reads sendmail.cf or its command line, and what it says about that.
package struct OptionSetting: Sendable {
  /// The option; nil where none is set.
  package private(set) var option: ConfigurationOption?
  /// What sendmail says: in sendmail.cf behind `FILE: line N: `.
  package private(set) var message: ByteString?
  /// Whether that is an error: exit status 70.
  package private(set) var isError = false

  /// Reads the body of an `O` line.
  package init(_ line: ConfigurationLine) { self.init(line, written: line.body) }

  /// Reads the argument of `-O`: `NAME=VALUE`.
  package init(long argument: [UInt8]) { self.init(body: [ASCII.space] + argument) }

  /// Reads the argument of `-o`: a letter and the value.
  package init(short argument: [UInt8]) { self.init(body: argument) }

  private init(body: [UInt8]) {
    self.init(ConfigurationLine(kind: UInt8(ascii: "O"), body: body[...], lines: 0..<1), written: body[...])
  }

  private init(_ line: ConfigurationLine, written: ArraySlice<UInt8>) {
    do {
      let option = try ConfigurationOption(line)
      let stem = OptionSetting.stem(written)
      if written.first == ASCII.space, OptionNames.matches(stem).isEmpty {
        refuse(ByteString("readcf: unknown option name ".utf8 + stem.bytes))
        return
      }
      self.option = option
      if written.first == ASCII.space, stem.folded != option.name.folded {
        message = ByteString("Option ".utf8 + stem.bytes + Array(" used as abbreviation for \(option.name)".utf8))
      }
    } catch {
      switch error {
      case .noName:
        refuse(written.isEmpty ? "readcf: unknown option name 0x0" : "readcf: null option name")
      case .blankBeforeName: refuse(ByteString("readcf: unknown option name ".utf8 + OptionSetting.stem(written).bytes))
      case .ambiguous(let stem, let known):
        refuse(
          ByteString(
            "readcf: ambiguous option name ".utf8 + stem.bytes
              + Array(" (matches \(known.first ?? "") and \(known.dropFirst().first ?? ""))".utf8)))
      case .unknownLetter(let letter):
        refuse(ByteString("readcf: unknown option name 0x\(String(letter, radix: 16))"))
      }
    }
  }

  private mutating func refuse(_ words: ByteString) {
    message = words
    isError = true
  }

  /// The name as it is written, without a suboption.
  private static func stem(_ body: ArraySlice<UInt8>) -> ByteString {
    let name = body.dropFirst().prefix { $0 != 0x3D }.reversed().drop { $0 == ASCII.space }.reversed()
    return ByteString(Array(name).prefix { $0 != 0x2E })
  }
}
