internal import SendmailConfig

/// A map with what look-ups ask of its flags.
final class CompiledMap: Sendable {
  let definition: MapDefinition
  let kind: MapDefinition.Kind
  let cannotOpen: Bool
  let blank: UInt8
  /// Whether quotes stay in the key (`-q`).
  let keepsQuotes: Bool
  /// Whether the key is put in lower case (no `-f`).
  let foldsCase: Bool
  /// Whether the value is the key (`-m`).
  let matchesOnly: Bool
  /// Whether a temporary failure becomes that of the rule set (no `-t`).
  let defers: Bool
  /// Whether it is a text map, in which a key that is not there is a host that is not there.
  let isText: Bool
  /// What is added to a value (`-a`).
  let suffix: [UInt8]
  /// What is added to the key where the map cannot be read (`-T`).
  let failureSuffix: [UInt8]?

  init(_ definition: MapDefinition) {
    self.definition = definition
    kind = definition.kind
    cannotOpen = definition.cannotOpen
    blank = definition.blank
    let flags = definition.flags
    keepsQuotes = flags.keepsQuotes || [.dequote, .arith].contains(definition.kind)
    foldsCase = flags.foldsCase
    matchesOnly = flags.matchesOnly
    defers = !flags.list.contains { $0.letter == UInt8(ascii: "t") }
    isText = definition.declaration.mapClass == "text"
    // The host map that sendmail has of its own adds the dot.
    let own: ByteString = definition.kind == .host && definition.declaration.line == 0 ? "." : ""
    suffix = (flags.suffix ?? own).bytes
    failureSuffix = flags.temporaryFailureSuffix?.bytes
  }
}
