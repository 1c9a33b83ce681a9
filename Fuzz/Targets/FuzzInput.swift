/// An input taken apart: choices and short strings from the front, a file from what is left.
///
/// ```abnf
/// input  = *( choice / string ) file
/// choice = OCTET
/// string = OCTET *OCTET            ; its length (0 to 254), and so many bytes
///        / %xFF 2OCTET *OCTET      ; a longer one: the length as a 16-bit number, high byte first
/// ```
/// Where bytes are missing, what is there is taken: every input means something.
package struct FuzzInput {
  private var bytes: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  /// A choice; 0 behind the end.
  package mutating func choice() -> UInt8 { bytes.popFirst() ?? 0 }

  /// A choice of so many.
  package mutating func choice(of count: Int) -> Int { Int(choice()) % count }

  /// One of the elements.
  package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[choice(of: elements.count)] }

  /// A string.
  package mutating func string() -> [UInt8] {
    var length = Int(choice())
    if length == 0xFF { length = Int(choice()) << 8 | Int(choice()) }
    defer { bytes = bytes.dropFirst(length) }
    return Array(bytes.prefix(length))
  }

  /// A few strings.
  package mutating func strings(atMost count: Int) -> [[UInt8]] { (0..<choice(of: count + 1)).map { _ in string() } }

  /// What is left: the file.
  package mutating func rest() -> [UInt8] {
    defer { bytes = [] }
    return Array(bytes)
  }

  /// Whether nothing is left.
  package var isEmpty: Bool { bytes.isEmpty }

  /// The bytes of a string, to make inputs with.
  package static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

  /// The bytes of a string, to make inputs with.
  package static func string(_ bytes: [UInt8]) -> [UInt8] {
    let count = min(bytes.count, 0xFFFF)
    let head = count < 0xFF ? [UInt8(count)] : [0xFF, UInt8(count >> 8), UInt8(count & 0xFF)]
    return head + bytes.prefix(count)
  }
}
