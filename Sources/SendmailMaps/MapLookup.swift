internal import BerkeleyDB

/// A map that is open for look-ups, one or millions, as sendmail makes them.
///
/// Only the pages that keys lead to are read and checked, so opening costs the same for any size, and a damaged page is an
/// error when a key leads to it. Many keys are looked up in the order of the pages and answered in the order they came in.
/// A map of the type btree, or another one that only libdb reads, is
/// verified as a whole first.
public struct MapLookup: ~Copyable {
  /// The path as it was given.
  public let path: String
  private let type: MapType?
  private let foldsCase: Bool
  private let firstForm: MapReader.KeyForm
  private var keyForm: MapReader.KeyForm
  /// One of the two reads the file.
  private var file: HashFile?
  private var reader: MapReader?

  // What a batch needs, kept for the next one.
  private var answers: [Answer] = []
  private var values: [UInt8] = []
  private var order: [UInt32] = []
  private var hashes: [UInt32] = []
  private var folded: [UInt8] = []
  private var ends: [Int] = []

  /// A value among those of a batch.
  private struct Answer {
    var start: Int
    /// -1 where there is none.
    var count: Int

    static let none = Answer(start: 0, count: -1)
  }

  /// Opens a map.
  /// - Parameters:
  ///   - path: the file, its extension included.
  ///   - type: the type it must have; `nil`: whatever it has.
  ///   - foldsCase: whether keys are folded before they are looked up.
  ///   - keyForm: which form of a key is tried.
  /// - Throws: ``MapError`` `database`, with the codes of `HashFile.init(path:cacheBytes:)` and those of ``MapReader``.
  public init(
    path: String, type: MapType? = nil, foldsCase: Bool = true, keyForm: MapReader.KeyForm = .either
  ) throws(MapError) {
    self.path = path
    self.type = type
    self.foldsCase = foldsCase
    self.keyForm = keyForm
    firstForm = keyForm
    try open()
  }

  private mutating func open() throws(MapError) {
    keyForm = firstForm
    file = nil
    if type == nil || type == .hash {
      file = try throwingMapError { () throws(BerkeleyDBError) -> HashFile? in try HashFile(path: path) }
    }
    if file == nil { try openReader() }
  }

  private mutating func openReader() throws(MapError) {
    reader = try MapReader(path: path, type: type, foldsCase: foldsCase, cacheBytes: 256 << 20)
  }

  /// Opens the map by its name again where the open file was written to, or replaced: its time is moved on then.
  ///
  /// For a process that looks keys up now and then, as sendmail does before each of its own look-ups.
  /// - Throws: ``MapError`` as for opening.
  public mutating func reopenIfChanged() throws(MapError) {
    guard file?.hasChanged ?? false else { return }
    try open()
  }

  /// Looks one key up: cut to 256 bytes, folded, in the forms that sendmail tries.
  /// - Returns: the value, without the NUL that the form has; `nil` when there is none.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  public mutating func value(forKey key: [UInt8]) throws(MapError) -> [UInt8]? {
    var result: [UInt8]?
    try lookUp(key.span, keys: [0..<key.count]) { _, value in
      if let value { result = Array(copying: value) }
    }
    return result
  }

  /// Looks keys up.
  /// - Parameters:
  ///   - bytes: the bytes of all keys.
  ///   - keys: where each key is in them.
  ///   - answer: is called for each key, in their order, with its number and its value, or `nil` when there is none.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged; `answer` was not called for any key then.
  /// - Complexity: O(*n*) in bytes of the keys and of the pages that they lead to.
  public mutating func lookUp(
    _ bytes: Span<UInt8>, keys: [Range<Int>], _ answer: (_ number: Int, _ value: Span<UInt8>?) -> Void
  ) throws(MapError) {
    answers.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    var number = 0
    // The first form that ever hits is the only one from then on, so until then the order counts.
    while number < keys.count, keyForm == .either {
      try lookUp(one: bytes.extracting(keys[number]))
      number += 1
    }
    if number < keys.count { try lookUp(rest: bytes, keys, from: number) }
    let all = values.span
    for (number, found) in answers.enumerated() {
      if found.count < 0 {
        answer(number, nil)
      } else {
        answer(number, all.extracting(found.start..<found.start + found.count))
      }
    }
  }

  /// Looks a key up in either form.
  private mutating func lookUp(one key: Span<UInt8>) throws(MapError) {
    if folded.count <= MapReader.longestKey { folded = [UInt8](repeating: 0, count: MapReader.longestKey + 1) }
    var end = 0
    let hash = MapLookup.fold(key, into: &folded, at: &end, foldsCase: foldsCase, includesNul: false)
    let start = values.count
    if keyForm != .nulTerminated, try take(0..<end, hash) {
      keyForm = .plain
    } else if keyForm != .plain {
      folded[end] = MapByte.nul
      guard try take(0..<end + 1, HashFunction.step(hash, MapByte.nul)) else { return answers.append(.none) }
      keyForm = .nulTerminated
    } else {
      return answers.append(.none)
    }
    answers.append(Answer(start: start, count: values.count - start))
    if keyForm == .nulTerminated { dropNul(answers.count - 1) }
  }

  /// Looks up byte for byte the key that is in ``folded``, and adds its value to the others.
  @inline(__always)
  private mutating func take(_ place: Range<Int>, _ hash: UInt32) throws(MapError) -> Bool {
    guard file != nil else {
      guard let value = try reader?.storedValue(forKey: Array(folded[place])) else { return false }
      values += value
      return true
    }
    do throws(BerkeleyDBError) {
      return try file?.appendValue(forKey: folded, place, hash: hash, to: &values) ?? false
    } catch {
      guard error.code == .largeKey else { throw MapError(error) }
      file = nil
      try openReader()
      return try take(place, hash)
    }
  }

  /// Copies a key to a place of a buffer, cut and folded.
  /// - Returns: its hash.
  @inline(__always)
  private static func fold(
    _ key: Span<UInt8>, into folded: inout [UInt8], at end: inout Int, foldsCase: Bool, includesNul: Bool
  ) -> UInt32 {
    var hash: UInt32 = 0
    let length = min(key.count, MapReader.longestKey)
    var target = folded.mutableSpan
    if foldsCase {
      for index in 0..<length {
        let byte = MapByte.folded(key[index])
        target[end + index] = byte
        hash = HashFunction.step(hash, byte)
      }
    } else {
      for index in 0..<length {
        target[end + index] = key[index]
        hash = HashFunction.step(hash, key[index])
      }
    }
    end += length
    guard includesNul else { return hash }
    target[end] = MapByte.nul
    end += 1
    return HashFunction.step(hash, MapByte.nul)
  }

  /// Looks keys up in the one form that is left, page after page.
  private mutating func lookUp(rest bytes: Span<UInt8>, _ keys: [Range<Int>], from first: Int) throws(MapError) {
    let includesNul = keyForm == .nulTerminated
    let count = keys.count - first
    hashes.removeAll(keepingCapacity: true)
    hashes.reserveCapacity(count)
    ends.removeAll(keepingCapacity: true)
    ends.reserveCapacity(count)
    var size = 0
    for number in first..<keys.count { size += min(keys[number].count, MapReader.longestKey) + 1 }
    if folded.count < size { folded = [UInt8](repeating: 0, count: size) }
    var end = 0
    for number in first..<keys.count {
      let key = bytes.extracting(keys[number])
      hashes.append(
        MapLookup.fold(key, into: &folded, at: &end, foldsCase: foldsCase, includesNul: includesNul))
      ends.append(end)
    }
    arrange(count)
    for _ in 0..<count { answers.append(.none) }
    for position in 0..<count {
      let number = Int(order[position])
      let start = values.count
      guard try take(number == 0 ? 0..<ends[0] : ends[number - 1]..<ends[number], hashes[number]) else { continue }
      answers[first + number] = Answer(start: start, count: values.count - start)
      if includesNul { dropNul(first + number) }
    }
  }

  /// Puts the numbers of the hashes in the order of their pages, or nearly so: some pages at a time.
  private mutating func arrange(_ count: Int) {
    order = [UInt32](repeating: 0, count: count)
    file?.expect(keys: count)
    let buckets = file?.buckets ?? 1
    guard buckets > 1, count > 16 else {
      for number in 0..<count { order[number] = UInt32(number) }
      return
    }
    // As many groups as keep their ends in the nearest cache.
    var shift = 0
    while buckets >> shift > 4096 { shift += 1 }
    var places = [UInt32](repeating: 0, count: (buckets >> shift) + 2)
    for hash in hashes { places[(HashFunction.bucket(ofHash: hash, buckets: buckets) >> shift) + 1] += 1 }
    for group in 1..<places.count { places[group] += places[group - 1] }
    for number in 0..<count {
      let group = HashFunction.bucket(ofHash: hashes[number], buckets: buckets) >> shift
      order[Int(places[group])] = UInt32(number)
      places[group] += 1
    }
  }

  /// Takes the NUL of the convention off a value.
  private mutating func dropNul(_ number: Int) {
    let answer = answers[number]
    if answer.count > 0, values[answer.start + answer.count - 1] == MapByte.nul { answers[number].count -= 1 }
  }
}
