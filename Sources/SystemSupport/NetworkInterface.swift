internal import Glibc

/// An IPv4 address of one of this machine's network interfaces that are up.
package struct NetworkInterface: Sendable, Equatable {
  /// The address, four bytes.
  package var address: [UInt8]
  /// Whether it is the machine talking to itself.
  package var isLoopback: Bool

  /// Makes one.
  package init(address: [UInt8], isLoopback: Bool) {
    self.address = address
    self.isLoopback = isLoopback
  }

  /// Those of this machine; none where the system does not tell (`getifaddrs(3)`).
  package static var all: [NetworkInterface] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var result: [NetworkInterface] = []
    var next = unsafe first
    while let interface = unsafe next {
      defer { unsafe next = interface.pointee.ifa_next }
      let flags = unsafe interface.pointee.ifa_flags
      guard flags & UInt32(IFF_UP) != 0, let address = unsafe interface.pointee.ifa_addr,
        unsafe address.pointee.sa_family == sa_family_t(AF_INET)
      else { continue }
      let bytes = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
      result.append(
        NetworkInterface(
          address: unsafe withUnsafeBytes(of: bytes) { unsafe Array($0) }, isLoopback: flags & UInt32(IFF_LOOPBACK) != 0
        ))
    }
    return result
  }
}
