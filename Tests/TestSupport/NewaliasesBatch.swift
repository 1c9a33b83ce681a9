/// Many runs of newaliases or praliases, each in a directory of its own: sendmail's programs in namespaces that are made once,
/// and the same directories again for our own.
package final class NewaliasesBatch {
  /// One run.
  package struct Run: Sendable {
    /// The file `aliases`.
    package var text: [UInt8]
    /// The arguments behind `-C sendmail.cf`; `%` is the directory.
    package var arguments: [String]
    /// Lines added to sendmail.cf; `%` is the directory.
    package var configuration: [String]
    /// What option DontBlameSendmail has beside TrustStickyBit.
    package var leniency: String
    /// A shell command that is run in the directory before.
    package var preparation: String

    /// Makes a run.
    package init(
      _ text: [UInt8] = [], _ arguments: [String] = ["-OAliasFile=%/aliases"], configuration: [String] = [],
      leniency: String = "", preparation: String = ""
    ) {
      self.text = text
      self.arguments = arguments
      self.configuration = configuration
      self.leniency = leniency
      self.preparation = preparation
    }
  }

  /// What came of a run; paths of its directory begin with `%`.
  package struct Answer: Sendable, Equatable {
    package var status: Int32
    package var output: [UInt8]
    package var errors: [UInt8]
    /// Each map with its mode, owner and type, and its records, sorted.
    package var maps: [String]
  }

  private let site: SendmailSite
  private let place: TemporaryDirectory
  private let runs: [Run]

  /// Writes the directories.
  package init(_ runs: [Run], inMemory: Bool = true) throws(TestSupportError) {
    self.runs = runs
    place = try TemporaryDirectory(inMemory: inMemory)
    try place.makeDirectory("site")
    for map in ["access", "virtusertable", "mailertable"] { try place.write("site/\(map)", "") }
    try place.write("site/local-host-names", "local.example\nw\n")
    site = try SendmailSite(mailDirectory: place.path("site"))
    let plain = String(decoding: SendmailSite.withoutFeatures(try place.read("site/sendmail.cf")), as: UTF8.self)
    try place.write("site/sendmail.cf", plain)
    let home = plain.split(separator: "O AliasFile=", maxSplits: 1)
    for side in ["theirs", "ours"] {
      try place.makeDirectory(side)
      for (number, run) in runs.enumerated() {
        let directory = "\(side)/\(number)"
        try place.makeDirectory(directory)
        try place.write("\(directory)/aliases", run.text)
        guard !run.configuration.isEmpty || !run.leniency.isEmpty else { continue }
        let lines = run.configuration.map { NewaliasesBatch.replaced($0, place.path(directory)) + "\n" }.joined()
        let leniency = run.leniency.isEmpty ? "" : "O DontBlameSendmail=\(run.leniency)\n"
        try place.write("\(directory)/sendmail.cf", leniency + home.joined(separator: "O AliasFile=") + lines)
      }
    }
  }

  /// What the directory is called in arguments and answers.
  private static func replaced(_ text: String, _ directory: String) -> String {
    text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: directory)
  }

  /// The arguments of a run, in its directory on one side.
  package func arguments(_ number: Int, _ side: String = "ours") -> [String] {
    let run = runs[number]
    let directory = place.path("\(side)/\(number)")
    let isOwn = !run.configuration.isEmpty || !run.leniency.isEmpty
    return ["-C", isOwn ? "\(directory)/sendmail.cf" : site.configuration]
      + run.arguments.map { NewaliasesBatch.replaced($0, directory) }
  }

  /// Runs sendmail's program.
  package func theirs(_ program: Tools.Program = .newaliases) throws(TestSupportError) -> [Answer] {
    for number in runs.indices {
      let bytes = Array(arguments(number, "theirs").map { $0 + "\u{0}" }.joined().utf8)
      try place.write("theirs/\(number).arguments", bytes)
      try place.write("theirs/\(number).prepare", runs[number].preparation)
    }
    // A line that is too long can make newaliases run for ever; a busy machine can make it late.
    let script = """
      for ((number = 0; number < \(runs.count); number++)); do
        cd "$2/$number"
        [ ! -s ../$number.prepare ] || LD_LIBRARY_PATH= sh ../$number.prepare
        mapfile -d '' -t arguments < ../$number.arguments
        (ulimit -t 1; exec -a \(program.rawValue.split(separator: "/").last ?? "") timeout 60 "$1" "${arguments[@]}") > ../$number.output 2> ../$number.errors < /dev/null
        code=$?
        [ $code != 152 ] || code=124
        echo $code > ../$number.status
      done
      """
    try site.inNamespaces(["/bin/bash", "-c", script, "batch", try Tools.path(program), place.path("theirs")])
    var answers: [Answer] = []
    for number in runs.indices {
      guard let status = try? place.readText("theirs/\(number).status"), let code = Int32(status.dropLast()) else {
        throw TestSupportError("a batch of \(program) ended at run \(number)")
      }
      let output = try place.read("theirs/\(number).output")
      let errors = try place.read("theirs/\(number).errors")
      answers.append(try answer(number, "theirs", code, output, errors))
    }
    return answers
  }

  /// Runs ours: `body` gets the arguments, and returns status, output and errors.
  package func ours<Failure: Error>(
    _ body: ([String]) throws(Failure) -> (Int32, [UInt8], [UInt8])
  ) throws -> [Answer] {
    var answers: [Answer] = []
    for (number, run) in runs.enumerated() {
      if !run.preparation.isEmpty {
        try TestSupport.run("/bin/sh", ["-c", run.preparation], directory: place.path("ours/\(number)"))
      }
      let (status, output, errors) = try body(arguments(number))
      answers.append(try answer(number, "ours", status, output, errors))
    }
    return answers
  }

  private func answer(
    _ number: Int, _ side: String, _ status: Int32, _ output: [UInt8], _ errors: [UInt8]
  ) throws(TestSupportError) -> Answer {
    let directory = place.path("\(side)/\(number)")
    var maps: [String] = []
    let files = try TestSupport.run(
      "find", [directory, "-name", "*.db*", "-printf", "%P %y %m %u %g %n %p\\n"])
    for line in files.outputText.split(separator: "\n").sorted() {
      let words = line.split(separator: " ")
      maps.append(words.dropLast().joined(separator: " "))
      guard words[1] == "f", let map = try? DumpedMap(path: String(words[6])) else { continue }
      maps.append("type \(map.header["type"] ?? "")")
      maps += map.sortedPairs.map(\.description)
    }
    return Answer(
      status: status, output: without(directory, output), errors: without(directory, errors), maps: maps)
  }

  /// Messages without the paths that differ between the two.
  private func without(_ directory: String, _ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    let program = Array((Tools.find(.newaliases) ?? "").utf8).split(separator: 0x2F).dropLast()
    let programs = [UInt8]("/".utf8) + program.joined(separator: [0x2F]) + [0x2F]
    for (part, mark) in [(Array(directory.utf8), "%"), (Array(programs), "")] {
      var next: [UInt8] = []
      var rest = result[...]
      while let byte = rest.first {
        if rest.starts(with: part) {
          next += Array(mark.utf8)
          rest = rest.dropFirst(part.count)
        } else {
          next.append(byte)
          rest = rest.dropFirst()
        }
      }
      result = next
    }
    return result
  }
}

extension SendmailSite {
  /// A sendmail.cf without what FEATURE(`virtusertable') and FEATURE(`mailertable') add to the rules.
  package static func withoutFeatures(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var isFeature = false
    for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if line.first == UInt8(ascii: "#") || line.first == UInt8(ascii: "S") {
        let comment = String(decoding: line, as: UTF8.self)
        isFeature =
          comment.hasPrefix("# handle virtual users") || comment.hasPrefix("# not local -- try mailer table")
      }
      let isRule = line.first == UInt8(ascii: "R")
      if isFeature && isRule { continue }
      if isRule && String(decoding: line, as: UTF8.self).hasPrefix("R$* < @ $={VirtHost} > $*") { continue }
      result += line + [0x0A]
    }
    return result
  }

  /// Runs a command where this site's sendmail runs.
  @discardableResult
  package func inNamespaces(_ command: [String]) throws(TestSupportError) -> Outcome {
    let whole = Namespaces.command(command, state: state.path)
    return try run(whole[0], Array(whole[1...]), environment: Namespaces.environment, timeout: 300)
  }
}
