internal import SendmailConfig

/// The commands that begin with a slash.
extension TestMode {
  mutating func command(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    let word = line.prefix { !ASCII.isSpace($0) }
    let rest = line[word.endIndex...].drop(while: ASCII.isSpace)
    switch ByteString(word).folded {
    case "/": text.line("Usage: /[canon|map|mx|parse|try|tryflags]")
    case "/parse": parse(rest, &text)
    case "/try": attempt(rest, &text)
    case "/tryflags": setFlags(rest, &text)
    case "/canon": canonify(rest, &text)
    case "/map": lookUp(rest, &text)
    case "/mx":
      if rest.isEmpty { return text.line("Usage: /mx address") }
      text.line("getmxrr(\(ByteString(rest))): not evaluated")
    default: text.line("Unknown \"/\" command \(ByteString(word))")
    }
  }

  private var roleName: String {
    "\(role.isHeader ? "header" : "envelope") \(role.isSender ? "sender" : "recipient")"
  }

  private mutating func parse(_ address: ArraySlice<UInt8>, _ text: inout TestModeText) {
    guard !address.isEmpty else { return text.line("Usage: /parse address") }
    text.add("Cracked address = ")
    text.add(ByteString(CrackedAddress.frame(of: address)))
    text.line("\nParsing \(roleName) address")
    rewriter.begin()
    let bytes = Array(address)
    // What cannot be cut into tokens is said first.
    if let objection = TestMode.objection(to: address), rewriter.canBeCut(bytes) {
      let isLong = objection.bytes.starts(with: "Address".utf8)
      let shown = AddressMessage.shortened(address.prefix(TestMode.longestAddress))
      text.add(isLong ? ByteString(shown + Array("... ".utf8)) : "")
      text.line(objection)
      return text.line("Cannot parse")
    }
    let destination = rewriter.parse(bytes, AddressRole())
    flush(&text)
    guard let destination else { return text.line("Cannot parse") }
    text.add("mailer \(destination.mailer)")
    if let host = destination.host, !host.isEmpty { text.add(", host \(host)") }
    text.add(", user ")
    text.add(destination.user)
    text.line("")
  }

  private mutating func attempt(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    let name = line.prefix { !ASCII.isSpace($0) }
    let address = line[name.endIndex...].drop(while: ASCII.isSpace)
    guard !address.isEmpty else { return text.line("Usage: /try mailer address") }
    guard let mailer = configuration.mailer(ByteString(name)) else {
      return text.line("Unknown mailer \(ByteString(name))")
    }
    text.line("Trying \(roleName) address \(ByteString(address)) for mailer \(ByteString(name))")
    rewriter.begin()
    let result = rewriter.remoteName(Array(address), mailer, role)
    flush(&text)
    text.add("Rcode = \(result?.status ?? 0), addr = ")
    text.add(result?.text ?? ByteString(address))
    text.line("")
  }

  private mutating func setFlags(_ flags: ArraySlice<UInt8>, _ text: inout TestModeText) {
    guard !flags.isEmpty else { return text.line("Usage: /tryflags [Hh|Ee][Ss|Rr]") }
    var role = role
    for flag in flags {
      switch ASCII.lowercased(flag) {
      case UInt8(ascii: "h"): role.isHeader = true
      case UInt8(ascii: "e"): role.isHeader = false
      case UInt8(ascii: "s"): role.isSender = true
      case UInt8(ascii: "r"): role.isSender = false
      default: break
      }
    }
    setRole(role)
  }

  private func canonify(_ name: ArraySlice<UInt8>, _ text: inout TestModeText) {
    guard !name.isEmpty else { return text.line("Usage: /canon address") }
    var shown = ByteString(name)
    if case .found(let answer, _) = rewriter.lookups.host(ByteString(name)) { shown = answer }
    text.line("getcanonname(\(ByteString(name))) returns \(shown)")
  }

  private mutating func lookUp(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    let name = line.prefix { !ASCII.isSpace($0) }
    let key = Array(line[name.endIndex...].drop(while: ASCII.isSpace))
    guard !name.isEmpty else { return text.line("Usage: /map mapname key") }
    guard !key.isEmpty else { return text.line("No key specified") }
    guard let number = configuration.mapNumbers[ByteString(name).folded] else {
      return text.line("Map named \"\(ByteString(name))\" not found")
    }
    let map = configuration.compiledMaps[number]
    guard rewriter.lookups.isOpen(map.definition) else {
      return text.line("Map named \"\(ByteString(name))\" not open")
    }
    rewriter.begin()
    let result = rewriter.find(key, in: map, [], depth: 0)
    flush(&text)
    text.add("map_lookup: ")
    text.add(ByteString(name))
    text.add(" (")
    text.add(ByteString(key))
    text.add(") ")
    if let value = result.value {
      text.add("returns ")
      text.add(ByteString(value))
      text.line(" (\(result.status))")
    } else {
      text.line("no match (\(result.status))")
    }
  }
}
