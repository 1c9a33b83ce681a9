// Builds a map from a text beside the live one, reads it back, and looks a key up in it.
import BerkeleyDB
import SendmailConfig
import SendmailMaps

let table = Table(Array("Connect:192.0.2.10\tRELAY\nFrom:spam.example\tREJECT\n".utf8))
let contents = MapContents(table.pairs, conventions: .makemap)
try MapBuilder(type: .hash).build(contents, at: "access.new.db")

let map = try MapReader(path: "access.new.db", type: .hash)
print(try MapComparison(contents, with: map).agrees)
print(try map.value(forKey: "FROM:spam.example".utf8).map { String(decoding: $0, as: UTF8.self) } ?? "-")

// The same file as libdb sees it.
var database = try Database(opening: "access.new.db")
try database.forEachPair { key, value in
  print(key.count, value.count)
  return true
}
