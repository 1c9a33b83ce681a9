internal import SendmailConfig

extension FuzzTarget {
  /// sendmail.cf: every line is somewhere, every account names a line that is there.
  static let configuration = FuzzTarget("configuration", longest: 8192, dictionary: "configuration") {
    input throws(FuzzFailure) in
    let isAliasFile = input.choice(of: 3) == 0
    let rest = input.rest()
    let bytes = isAliasFile ? Array("O AliasFile=".utf8) + rest : rest
    let file = ConfigurationFile(bytes)
    try require(file.text.bytes == bytes, "not the bytes that were read")
    let count = file.text.lineCount
    var next = 1
    for line in file.lines {
      try require(line.lines.lowerBound == next && !line.lines.isEmpty, "line \(next) is in no logical line, or in two")
      next = line.lines.upperBound
    }
    try requireSound(file.diagnostics, of: file.text)
    let endsEarly = next <= count
    try require(!endsEarly || bytes.contains(0), "line \(next) is in no logical line")
    let places =
      file.mapDeclarations.map(\.line) + file.options.map(\.line) + file.classSources.map(\.line)
      + file.macros.map(\.line) + file.aliasFiles.map(\.line) + file.diagnostics.map(\.line)
    try require(places.allSatisfy { 1...max(1, count) ~= $0 }, "an account of no line")
    try require(file.aliasFiles.count <= AliasFileSpecification.maximumCount || !isAliasFile || count > 1, "too many")
    for map in file.mapDeclarations {
      try require(file.map(named: map.name) != nil, "\(map.name.escaped) is not found")
      _ = (map.flags.suffix, map.flags.keyColumn, map.flags.columnDelimiter, map.flags.nulConvention)
    }
    for option in file.options { _ = (option.isTrue, option.number) }
    for source in file.classSources {
      try require(!file.classSources(of: source.className).isEmpty, "\(source.className.escaped) is not found")
      _ = (file.classWords(of: source.className), source.format.defect)
    }
    for macro in file.macros { try require(file.macro(named: macro.name) != nil, "a macro is not found") }
    for alias in file.aliasFiles { _ = (alias.includesNUL, alias.isOptional, alias.appends, alias.path) }
    _ = (file.trustedUser, file.trustedUserForMakemap, file.usesCompressedIPv6Addresses, file.maximumAliasRecursion)
  }
}
