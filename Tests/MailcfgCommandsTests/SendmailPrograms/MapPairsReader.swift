import SendmailMaps
import TestSupport

/// The records of one of our maps, read in the process; ``DumpedMap`` reads some of them, too.
enum MapPairsReader {
  static func pairs(of path: String) throws -> [DumpedMap.Pair] {
    var pairs: [DumpedMap.Pair] = []
    try MapReader(path: path).forEachStoredPair { key, value in
      pairs.append(DumpedMap.Pair(key: key.indices.map { key[$0] }, value: value.indices.map { value[$0] }))
      return true
    }
    return pairs
  }
}
