internal import CSystemSupport
internal import Glibc

extension Descriptor {
  /// How much is read at a time, in bytes: it stays in the processor's cache until it is written.
  static let pieceSize = 256 << 10

  /// Reads the whole file piece by piece, with the offset of each, but for holes; moves the descriptor's position.
  ///
  /// What is left out is whole blocks of ``FingerprintStream``. The last block is read, hole or not.
  /// - Throws: What the system says, or what `body` throws.
  func forEachPiece(_ body: (_ offset: Int, Span<UInt8>) throws(SystemError) -> Void) throws(SystemError) {
    let size = try status().size
    var offset = 0
    var dataEnd = 0
    var buffer = [UInt8](repeating: 0, count: Self.pieceSize)
    while true {
      if offset >= dataEnd { (offset, dataEnd) = data(from: offset, size) }
      let count = unsafe pread(number, &buffer, min(buffer.count, dataEnd - offset), offset)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw .last("read", path) }
      if count == 0 { return }
      try body(offset, buffer.span.extracting(first: count))
      offset += count
    }
  }

  /// Where there is data next, in whole blocks, as far as the file system can tell.
  private func data(from offset: Int, _ size: Int) -> (start: Int, end: Int) {
    let block = FingerprintStream.block
    guard offset % block == 0, offset < size else { return (offset, Int.max) }
    let lastBlock = (size - 1) / block * block
    let start = lseek(number, offset, SYSTEM_SEEK_DATA)
    // ENXIO: nothing but a hole is left.
    if start < 0 { return errno == ENXIO ? (max(offset, lastBlock), Int.max) : (offset, Int.max) }
    let end = lseek(number, start, SYSTEM_SEEK_HOLE)
    guard end > start else { return (offset, Int.max) }
    return (max(offset, start / block * block), (end + block - 1) / block * block)
  }

  /// Copies the whole file to an empty one, holes as holes, and tells what was copied.
  ///
  /// It is read and written, not left to the kernel: so that the fingerprint is that of the very bytes that were copied,
  /// whatever somebody does to the file meanwhile. The disk begins to write at once.
  ///
  /// - Throws: What the system says.
  package func copy(to target: Descriptor, _ key: FingerprintKey) throws(SystemError) -> (Fingerprint, size: Int) {
    var stream = FingerprintStream(key: key)
    var size = 0
    var started = 0
    try forEachPiece { offset, piece throws(SystemError) in
      stream.appendZeros(offset - size)
      stream.append(piece)
      if offset > size, lseek(target.number, offset, SEEK_SET) < 0 { throw .last("lseek", target.path) }
      try target.write(piece)
      size = offset + piece.count
      guard size - started >= 8 << 20 else { return }
      target.startWriting(started..<size)
      started = size
    }
    return (stream.fingerprint, size)
  }

  /// Lets the disk begin to write a part of the file.
  func startWriting(_ part: Range<Int>) {
    system_start_writing(number, Int64(part.lowerBound), Int64(part.count))
  }
}
