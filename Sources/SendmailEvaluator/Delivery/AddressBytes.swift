internal import SendmailConfig

/// The bytes that no address may have, and how many there may be.
enum AddressBytes {
  /// The longest address, in bytes.
  static let longest = 255

  /// Reports what keeps an address from being one.
  ///
  /// - Returns: Whether it may be one.
  static func report(_ address: ArraySlice<UInt8>, _ say: ([UInt8]) -> Void) -> Bool {
    var shown = Array(address)
    var isBad = false
    for place in shown.indices {
      if Meta.isMeta(shown[place]) {
        shown[place] = UInt8(ascii: "?")
        isBad = true
      }
      if place >= longest {
        say(AddressMessage.tooLong(shown[..<place]))
        return false
      }
    }
    if isBad { say(Array("8-bit character in mailbox address \"".utf8) + shown + Array("\"".utf8)) }
    return !isBad
  }
}
