// Reads and edits texts alone: no map, no lock, no libdb.
import SendmailConfig

var access = AccessTable(Array("Connect:192.0.2.10  RELAY\nFrom:spam.example  REJECT\n".utf8))
for rule in access.rules where rule.action == .reject { print(rule.entry.line, rule.entry.key) }
let client = try RelayClient("198.51.100.0/22")
try access.allowRelay(from: client, note: "branch office")
print(try access.relayDecision(for: RelayClient("198.51.101.7")).mayRelay)

var aliases = AliasesFile(Array("sales: anna,\n\tbernd\n".utf8))
try aliases.add("sales", to: ["carla"])
print(aliases.alias(named: "SALES")?.destinations.count ?? 0)
for finding in access.table.diagnostics + aliases.diagnostics { print(finding.text(path: "example")) }
