internal import SendmailConfig

/// The daemon that a client is taken to connect to: the first of its address family that is none for submission
/// (`O DaemonPortOptions`).
///
/// ```abnf
/// options = field *( "," field )
/// field   = *SPACE letter *OCTET "=" *SPACE value    ; Name, Family, Port, Modifiers; the first letter counts
/// ```
struct DaemonOptions {
  private(set) var name: ByteString = "MTA"
  /// The modifiers, as `${daemon_flags}` has them: with blanks between, capitals doubled.
  private(set) var flags: ByteString = ""
  /// Whether it takes mail from the authenticated only.
  private(set) var needsAuthentication = false

  init(_ configuration: CompiledConfiguration, family: IPAddress.Family) {
    let submission: Set<ByteString> = ["submission", "submissions", "smtps", "587", "465"]
    let daemons = configuration.options.filter { $0.name == "DaemonPortOptions" }
      .map { DaemonOptions.fields($0.value) }
      .filter { ($0[UInt8(ascii: "F")]?.folded ?? "inet") == (family == .ipv4 ? "inet" : "inet6") }
    guard
      let fields = daemons.first(where: { !submission.contains($0[UInt8(ascii: "P")]?.folded ?? "") }) ?? daemons.first
    else { return }
    if let name = fields[UInt8(ascii: "N")] { self.name = name }
    let modifiers = fields[UInt8(ascii: "M")]?.bytes ?? []
    needsAuthentication = modifiers.contains(UInt8(ascii: "a"))
    flags = ByteString(
      modifiers.map { ASCII.lowercased($0) == $0 ? [$0] : [$0, $0] }.joined(separator: [ASCII.space]))
  }

  private static func fields(_ options: ByteString) -> [UInt8: ByteString] {
    var result: [UInt8: ByteString] = [:]
    for field in options.bytes.split(separator: ASCII.comma) {
      let field = field.trimming(while: ASCII.isSpace)
      guard let letter = field.first, let sign = field.firstIndex(of: 0x3D) else { continue }
      result[letter & 0xDF] = ByteString(field[(sign + 1)...].trimming(while: ASCII.isSpace))
    }
    return result
  }
}
