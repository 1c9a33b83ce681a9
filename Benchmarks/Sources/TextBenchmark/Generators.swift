import Glibc

/// Access tables of distinct keys in random order, 43 bytes a line on average.
struct AccessGenerator {
  let count: Int

  /// Prints the table.
  func write() {
    var output: [UInt8] = []
    for number in 0..<count {
      var random = SplitMix64(seed: UInt64(number))
      key(number, &random, to: &output)
      output.append(0x09)
      output += Self.values[random.below(Self.values.count)].utf8
      output.append(0x0A)
      flush(&output)
    }
    StandardStreams.write(output, to: STDOUT_FILENO)
  }

  /// Prints its keys in another order, a line each.
  func writeKeys() {
    // A step that shares no factor with the count reaches every key once.
    var step = max(count * 618 / 1000, 1)
    while divisor(step, count) != 1 { step += 1 }
    var output: [UInt8] = []
    for position in 0..<count {
      let number = position * step % count
      var random = SplitMix64(seed: UInt64(number))
      key(number, &random, to: &output)
      output.append(0x0A)
      flush(&output)
    }
    StandardStreams.write(output, to: STDOUT_FILENO)
  }

  private static let values = [
    "RELAY", "REJECT", "OK", "REJECT", "DISCARD", "ERROR:5.7.1:550 No mail from you, please",
  ]
  private static let tags = ["Connect:", "From:", "To:", ""]
  private static let words = ["mail", "relay", "office", "smtp-out", "static", "customer", "pool", "news"]
  private static let domains = [
    "example.com", "example.net", "dialin.isp.example", "customers.hosting.example", "sportclub.example.org",
  ]

  /// The key with a number; no two are the same, their case aside.
  private func key(_ number: Int, _ random: inout SplitMix64, to output: inout [UInt8]) {
    let tag = Self.tags[random.below(Self.tags.count)]
    output += tag.utf8
    // An odd factor makes every number another address. 198.18/15 is left to the single changes.
    let address = UInt32(truncatingIfNeeded: number + 1) &* 2_654_435_761
    let kind = random.below(3)
    if kind == 0, tag == "Connect:" || tag.isEmpty, address >> 24 != 198 {
      output += "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)".utf8
      return
    }
    let name = Self.words[random.below(Self.words.count)] + "-" + String(number, radix: 36)
    if kind == 1, tag != "Connect:" { output += "\(name)@".utf8 } else { output += "\(name).".utf8 }
    output += Self.domains[random.below(Self.domains.count)].utf8
  }

  private func divisor(_ first: Int, _ second: Int) -> Int { second == 0 ? first : divisor(second, first % second) }
}

/// Alias files with single users, addresses, and lists over several lines.
struct AliasGenerator {
  let count: Int

  /// Prints the file.
  func write() {
    var output: [UInt8] = []
    for number in 0..<count {
      var random = SplitMix64(seed: UInt64(number))
      output += "\(Self.names[random.below(Self.names.count)])-\(String(number, radix: 36)):\t".utf8
      let targets = random.below(10) < 7 ? 1 : 2 + random.below(12)
      for position in 0..<targets {
        if position > 0 { output += (position % 3 == 0 ? ",\n\t" : ", ").utf8 }
        output += Self.names[random.below(Self.names.count)].utf8
        if random.below(2) == 0 { output += "@mx\(random.below(1000)).partner.example".utf8 }
      }
      output.append(0x0A)
      flush(&output)
    }
    StandardStreams.write(output, to: STDOUT_FILENO)
  }

  private static let names = ["anna", "bernd", "sales", "support", "office", "Webmaster", "list-owner", "j.doe"]
}

/// Prints what has been gathered when it is enough for a write.
private func flush(_ output: inout [UInt8]) {
  guard output.count > 1 << 20 else { return }
  StandardStreams.write(output, to: STDOUT_FILENO)
  output.removeAll(keepingCapacity: true)
}
