internal import SendmailConfig
internal import SendmailEvaluator
internal import SystemSupport

extension TableLocations {
  /// The names under which this host takes mail for local users (class w), as far as the files and the machine tell.
  var hostNames: Set<[UInt8]> {
    if let configuration { return Set(compiled(configuration).members(ofClass: "w").map(\.folded.bytes)) }
    var names: Set<[UInt8]> = [Array("localhost".utf8)]
    if let location = try? location(of: .host), let contents = try? FileContents(location.path) {
      for member in ClassFile(contents.bytes, format: location.classFormat).members {
        names.insert(member.word.folded.bytes)
      }
    }
    return names.union(MachineNames(nil).members.map(\.folded.bytes))
  }

  /// A sendmail.cf, compiled, with the files of its classes and what sendmail finds out about this machine.
  func compiled(_ configuration: ConfigurationFile, mode: ByteString = "d") -> Configuration {
    Configuration(configuration.text.bytes, host: MachineNames(configuration).facts(mode: mode)) { source in
      guard source.kind == .file else { return .unknown }
      guard let path = try? rebased(source.path.description), let contents = try? FileContents(path) else {
        return .missing(reason: "No such file or directory")
      }
      return .text(contents.bytes)
    }
  }
}
