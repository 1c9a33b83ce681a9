public import SendmailConfig
public import SendmailEvaluator
internal import SystemSupport

extension MailDirectory.Evaluated {
  /// Where something that decides stands.
  public struct Place: Sendable, Equatable {
    /// The path of the file.
    public var file: String
    /// The 1-based line; nil where only the built map has it.
    public var line: Int?
    /// The key of a table's entry as it was asked for, or the word of a class; nil for a rule.
    public var key: ByteString?
    /// The value of the entry.
    public var value: ByteString?
  }

  /// Where the entry, the word or the rule is that decides.
  ///
  /// A word of a class that is in no file, such as a name that sendmail finds out itself, is told by the rule that asks for it.
  /// - Complexity: for a word O(*n*) in bytes of the class's files, which are read again.
  public func place(of evidence: Evidence) -> Place {
    switch evidence {
    case .entry(let lookup):
      guard let path = paths[lookup.map.folded] else { return rule(lookup.ruleLine) }
      return Place(file: path, line: lookup.tableLine, key: lookup.key, value: lookup.value)
    case .member(let word, let name, let ruleLine):
      return member(word, name) ?? rule(ruleLine, key: word)
    case .rule(let line): return rule(line)
    }
  }

  private func rule(_ line: Int, key: ByteString? = nil) -> Place {
    Place(file: locations.configurationName, line: line, key: key)
  }

  private func member(_ word: ByteString, _ name: ByteString) -> Place? {
    guard let configuration = locations.configuration else { return nil }
    for source in configuration.classSources(of: name) where source.kind == .file {
      guard let path = try? locations.rebased(source.path.description), let contents = try? FileContents(path) else {
        continue
      }
      let members = ClassFile(contents.bytes, format: source.format).members
      if let found = members.first(where: { $0.word.folded == word.folded }) {
        return Place(file: path, line: found.line, key: found.word)
      }
    }
    guard let found = configuration.classWords(of: name).words.first(where: { $0.word.folded == word.folded }) else {
      return nil
    }
    return Place(file: locations.configurationName, line: found.line, key: found.word)
  }
}
