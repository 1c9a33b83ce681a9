import BerkeleyDB
import TestSupport

typealias Pair = DumpedMap.Pair

extension SplitMix64 {
  /// So many random bytes.
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// All pairs, through the library.
func pairs(_ database: inout Database) throws -> [Pair] {
  var result: [Pair] = []
  try database.forEachPair { key, value in
    result.append(Pair(key: key.indices.map { key[$0] }, value: value.indices.map { value[$0] }))
    return true
  }
  return result
}

/// The pairs that db5.3_dump shows, in its order, of a file that db5.3_verify accepts.
func dump(_ path: String) throws -> [Pair] {
  let outcome = try run(try Tools.dbVerify, [path], environment: Tools.environment)
  guard outcome.status == 0 else { throw TestSupportError("db5.3_verify: \(outcome.errorText)") }
  return try DumpedMap(path: path).pairs
}
