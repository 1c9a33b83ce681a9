/// What a Berkeley DB file holds, as `db5.3_dump -p` tells it: an account that none of our own readers has a part in.
package struct DumpedMap: Sendable {
  /// A record: key and value as stored, any NUL included.
  package struct Pair: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var key: [UInt8]
    package var value: [UInt8]

    /// Makes a record.
    package init(key: [UInt8], value: [UInt8]) {
      self.key = key
      self.value = value
    }

    /// Makes a record from text.
    package init(_ key: String, _ value: String) { self.init(key: Array(key.utf8), value: Array(value.utf8)) }

    /// By key, then by value, bytewise.
    package static func < (left: Self, right: Self) -> Bool {
      if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
      return left.value.lexicographicallyPrecedes(right.value)
    }

    package var description: String { "\(printable(key)) -> \(printable(value))" }
  }

  /// The lines of the header, such as `type`: `hash`, `db_pagesize`: `4096`.
  package var header: [String: String] = [:]
  /// The records in the order of the file, which means nothing for a hash.
  package var pairs: [Pair] = []

  /// The records in the order of their bytes: what two maps are compared by.
  package var sortedPairs: [Pair] { pairs.sorted() }

  /// The value of a key, or nil; the first one where there are several.
  package func value(_ key: String) -> String? {
    let wanted = Array(key.utf8)
    return pairs.first { $0.key == wanted }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  /// Runs `db5.3_dump -p` on a file.
  ///
  /// - Throws: ``TestSupportError`` with what the program said when it cannot read the file.
  package init(path: String) throws(TestSupportError) {
    let outcome = try run(try Tools.dbDump, ["-p", path], environment: Tools.environment)
    guard outcome.status == 0 else { throw TestSupportError("db5.3_dump \(path): \(outcome.errorText)") }
    try self.init(dump: outcome.output)
  }

  /// Reads the output of `db5.3_dump -p`.
  ///
  ///     dump  = *( name "=" value LF ) "HEADER=END" LF *( SP text LF SP text LF ) "DATA=END" LF
  ///     text  = *( byte / "\\" / "\" 2HEXDIG )
  package init(dump: [UInt8]) throws(TestSupportError) {
    var inHeader = true
    var key: [UInt8]?
    for line in dump.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if inHeader {
        let parts = line.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw TestSupportError("odd header in a dump: \(printable(line))") }
        let (name, value) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        inHeader = name != "HEADER"
        header[name] = value
      } else if line.first == 0x20 {
        let text = try DumpedMap.unescape(line.dropFirst())
        if let known = key {
          pairs.append(Pair(key: known, value: text))
          key = nil
        } else {
          key = text
        }
      } else if line.elementsEqual("DATA=END".utf8) {
        guard key == nil else { throw TestSupportError("a dump with a key and no value") }
        return
      } else {
        throw TestSupportError("odd line in a dump: \(printable(line))")
      }
    }
    throw TestSupportError("a dump without its end")
  }

  private static func unescape(_ text: ArraySlice<UInt8>) throws(TestSupportError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      if byte != 0x5C {
        result.append(byte)
      } else if rest.first == 0x5C {
        result.append(0x5C)
        rest = rest.dropFirst()
      } else {
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
          throw TestSupportError("odd escape in a dump: \(printable(text))")
        }
        result.append(value)
        rest = rest.dropFirst(2)
      }
    }
    return result
  }
}
