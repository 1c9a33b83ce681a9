// Lets a client relay and gives an alias two destinations, both or neither.
import SendmailConfig
import SendmailDirectory

let mail = try MailDirectory("/etc/mail")
let change = try mail.change(reason: "ticket 4711") { tables in
  try tables.access.allowRelay(from: "203.0.113.25", note: "ACME Exchange")
  try tables.aliases.add("sales", to: ["anna", "bernd"])
}
print(change.diff)
