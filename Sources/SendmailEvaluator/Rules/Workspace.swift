internal import SendmailConfig

/// The tokens that rules work on, and the buffers that an evaluation needs: made once, used for any number of addresses.
struct Workspace {
  /// How many tokens there may be.
  static let maximumTokens = 1000

  let configuration: CompiledConfiguration
  /// The bytes of all tokens; those of the rules come first.
  private(set) var arena: [UInt8]
  /// The tokens of all rule sets that are at work, one behind the other.
  var tokens: [Token] = []
  private var scanner = TokenScanner()

  init(_ configuration: CompiledConfiguration) {
    self.configuration = configuration
    arena = configuration.pool
    tokens.reserveCapacity(Workspace.maximumTokens)
  }

  /// Forgets the tokens of the address before.
  mutating func clear() {
    tokens.removeAll(keepingCapacity: true)
    arena.removeSubrange(configuration.pool.count...)
  }

  /// Cuts a text into tokens.
  ///
  /// - Returns: Whether there are any, and where the delimiter stands; the tokens are appended to `list`.
  mutating func scan(
    _ text: Span<UInt8>, delimiter: UInt8? = nil, types: TokenTypes, balances: Bool = true, into list: inout [Token]
  ) -> (isReadable: Bool, end: Int, faults: [TokenScanner.Fault]) {
    scanner.scan(text, delimiter: delimiter, types: types, balances: balances)
    let first = arena.count
    arena.append(contentsOf: scanner.bytes)
    var start = 0
    for end in scanner.ends {
      list.append(token(first + start, end - start))
      start = end
    }
    return (!scanner.ends.isEmpty, scanner.end, scanner.faults)
  }

  /// Makes a token of bytes in the arena.
  private func token(_ start: Int, _ count: Int) -> Token {
    var hash = FoldedHash()
    let bytes = arena.span
    for index in start..<start + count { hash.add(bytes[index]) }
    let word = configuration.lexicon.number(of: bytes, from: start, to: start + count, hash: hash.value)
    return Token(
      start: UInt32(start), count: UInt16(count), meta: 0,
      isAtom: configuration.ruleTypes.kind(bytes[start]) == .atom, word: Int32(word ?? -1), hash: hash.value)
  }

  /// The bytes of a token.
  func bytes(_ token: Token) -> ArraySlice<UInt8> { arena[token.range] }

  /// Joins tokens: two atoms in a row get a blank between them.
  func join(_ list: ArraySlice<Token>, blank: UInt8, into text: inout [UInt8]) {
    join(list.span, 0..<list.count, blank: blank, into: &text)
  }

  /// Joins the tokens at some places of a list.
  func join(_ list: Span<Token>, _ places: Range<Int>, blank: UInt8, into text: inout [UInt8]) {
    let bytes = arena.span
    var length = places.count
    for place in places { length += Int(list[place].count) }
    text.reserveCapacity(text.count + length)
    var afterAtom = false
    for place in places {
      let token = list[place]
      if afterAtom, token.isAtom { text.append(blank) }
      for index in token.range { text.append(bytes[index]) }
      afterAtom = token.isAtom
    }
  }

  /// The end of the fewest tokens from `first` on, more than up to `last`, that joined are a word of a class; nil where
  /// there are none before `end`.
  func endOfMember(_ first: Int, beyond last: Int, before end: Int, of words: FrozenWords) -> Int? {
    let longest = words.longest
    let bytes = arena.span
    var hash = FoldedHash()
    var length = 0
    var afterAtom = false
    var next = first
    while next < end {
      let token = tokens[next]
      next += 1
      if afterAtom, token.isAtom {
        hash.add(configuration.blank)
        length += 1
      }
      afterAtom = token.isAtom
      length += Int(token.count)
      // More tokens only make it longer.
      if length > longest { return nil }
      for index in token.range { hash.add(bytes[index]) }
      if next > last, words.mayContain(hash.value), isMember(first..<next, of: words) { return next }
    }
    return nil
  }

  /// Whether a token is a word of a class.
  func isMember(_ place: Int, of words: FrozenWords) -> Bool {
    let token = tokens[place]
    guard Int(token.count) <= words.longest, words.mayContain(token.hash) else { return false }
    return words.words.number(
      of: arena.span, from: Int(token.start), to: token.range.upperBound, hash: token.hash) != nil
  }

  private func isMember(_ places: Range<Int>, of words: FrozenWords) -> Bool {
    var text: [UInt8] = []
    join(tokens[places], blank: configuration.blank, into: &text)
    return words.words.number(of: text) != nil
  }

  /// What patterns ask of the tokens from a place on.
  func summary(from base: Int) -> TokenSummary { TokenSummary(tokens.span, from: base) }

  /// The tokens as text, each on its own, for traces.
  func shown(_ list: ArraySlice<Token>) -> [ByteString] { list.map { ByteString(arena[$0.range]) } }
}
