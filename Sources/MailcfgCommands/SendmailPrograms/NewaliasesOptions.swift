internal import SendmailConfig

/// The command line of newaliases, which is that of sendmail: read as sendmail's own getopt reads it, not as the C library's.
///
/// It ends at the first operand, and at the first argument that begins with `--`; operands mean nothing to newaliases.
struct NewaliasesOptions {
  /// What is wrong with the command line.
  enum Complaint {
    /// sendmail says this on standard output.
    case said([UInt8])
    /// This goes to standard error.
    case complained([UInt8])
  }

  /// The path of sendmail.cf.
  var configuration = Array("/etc/mail/sendmail.cf".utf8)
  /// The options that are set (`-O`, `-o`).
  private(set) var settings: [ConfigurationOption] = []
  /// Whether more is told (`-v`).
  private(set) var isVerbose = false
  /// Whether sendmail's result is wanted even where ours is better.
  private(set) var isExact = false
  /// What is said about the command line, in order.
  private(set) var complaints: [Complaint] = []
  /// What is said once the command line is read, where it is good.
  private(set) var remarks: [[UInt8]] = []
  /// The exit status; with another than 0 nothing is done.
  private(set) var status: Int32 = 0

  /// The options with an argument.
  private static let withArgument = Array("ABDFLMNORVXbefhopr".utf8)
  /// The options without one, and those that take only what is written behind them.
  private static let alone = Array("cimnstvGTIU".utf8)
  private static let optional = Array("Cdq".utf8)
  /// The modes of sendmail.
  private static let modes = Array("aCdDfFhHiImpPqQsStvz".utf8)

  /// Reads a command line; the first argument is the program's name as it was called.
  init(_ arguments: [[UInt8]]) {
    let words = scan(arguments)
    // sendmail's first look, before anything else: what it is to do at all.
    for (letter, argument) in words.list {
      if letter == UInt8(ascii: "b") { checkMode(argument) }
      if letter == UInt8(ascii: "I") || letter == UInt8(ascii: "U") { stop(64) }
      if letter == UInt8(ascii: "q") || letter == UInt8(ascii: "Q") {
        refuse("Can not use -\(Character(Unicode.Scalar(letter))) with -bi")
      }
      if isStopped { return }
    }
    var usesSubmit = false
    var hasConfiguration = false
    var hasSender = false
    for (letter, argument) in words.list {
      switch letter {
      case UInt8(ascii: "C"):
        hasConfiguration = true
        // It takes back what was to be given up before; a sendmail.cf's own option does not count then either.
        for index in settings.indices where settings[index].name == "RunAsUser" { settings[index].value = "0" }
        configuration = argument.isEmpty ? Array("sendmail.cf".utf8) : argument
      case UInt8(ascii: "A"): usesSubmit = argument == [UInt8(ascii: "c")]
      case UInt8(ascii: "O"): set(OptionSetting(long: argument))
      case UInt8(ascii: "o"): set(OptionSetting(short: argument))
      case UInt8(ascii: "f"), UInt8(ascii: "r"):
        if hasSender { refuse("More than one \"from\" person") }
        hasSender = true
      case UInt8(ascii: "n"), UInt8(ascii: "d"): break
      case UInt8(ascii: "v"): isVerbose = true
      case UInt8(ascii: "B"):
        if !["7bit", "8bitmime"].contains(ByteString(argument).folded) {
          remarks.append(Array("Illegal body type ".utf8) + argument)
        }
      case UInt8(ascii: "h"):
        if !(argument.first.map(ASCII.isDigit) ?? false) {
          refuse("Bad hop count (\(ByteString(argument)))")
        }
      case UInt8(ascii: "N"): checkNotifications(argument)
      case UInt8(ascii: "R"):
        if !["full", "hdrs"].contains(ByteString(argument).folded) { refuse("Invalid -R value") }
      case UInt8(ascii: "T"): for _ in 1...2 { complaints.append(.said(Array("Invalid time unit `T'".utf8))) }
      default: break
      }
    }
    if usesSubmit, !hasConfiguration { configuration = Array("/etc/mail/submit.cf".utf8) }
    if let refused = words.refused {
      complaints.append(.complained(refused))
      status = 64
    }
  }

  private var isStopped: Bool { status != 0 && stopped }
  private var stopped = false

  private mutating func stop(_ code: Int32) {
    status = code
    stopped = true
  }

  private mutating func refuse(_ words: String) {
    complaints.append(.said(Array(words.utf8)))
    // Whatever was wrong before.
    status = 64
  }

  private mutating func set(_ setting: OptionSetting) {
    if let message = setting.message { complaints.append(.said(message.bytes)) }
    if setting.isError, status == 0 { status = 70 }
    if let option = setting.option { settings.append(option) }
  }

  private mutating func checkMode(_ argument: [UInt8]) {
    let mode = argument.first ?? UInt8(ascii: "/")
    if mode == UInt8(ascii: "i") { return }
    if Self.modes.contains(mode) {
      complaints.append(.complained(Array("newaliases: -b\(ByteString([mode])) is for sendmail itself".utf8)))
    } else {
      refuse("Invalid operation mode \(ByteString([mode]))")
    }
    stop(64)
  }

  private mutating func checkNotifications(_ argument: [UInt8]) {
    let words = argument.split(separator: ASCII.comma).map { ByteString($0).folded }
    let known: [ByteString] = ["success", "failure", "delay"]
    if words != ["never"], !words.allSatisfy(known.contains) { refuse("Invalid -N argument") }
  }

  /// Takes the arguments apart.
  private mutating func scan(_ arguments: [[UInt8]]) -> (list: [(UInt8, [UInt8])], refused: [UInt8]?) {
    let name = arguments.first ?? []
    var list: [(UInt8, [UInt8])] = []
    var index = 1
    while index < arguments.count {
      let word = arguments[index]
      index += 1
      if word == Array("--sendmail-exact".utf8) {
        isExact = true
        continue
      }
      guard word.count > 1, word[0] == 0x2D, word[1] != 0x2D else { break }
      var rest = word.dropFirst()
      while let letter = rest.popFirst() {
        if Self.alone.contains(letter) {
          list.append((letter, []))
        } else if Self.optional.contains(letter) {
          if rest.isEmpty, letter == UInt8(ascii: "C"), index < arguments.count, arguments[index].first != 0x2D {
            rest = arguments[index][...]
            index += 1
          }
          list.append((letter, Array(rest)))
          break
        } else if letter == UInt8(ascii: "Q") {
          list.append((letter, Array(rest)))
          break
        } else if Self.withArgument.contains(letter) {
          if rest.isEmpty {
            guard index < arguments.count else {
              if letter == UInt8(ascii: "b") { return (list + [(letter, [])], nil) }
              return (list, name + Array(": option requires an argument -- ".utf8) + [letter])
            }
            rest = arguments[index][...]
            index += 1
          }
          list.append((letter, Array(rest)))
          break
        } else {
          return (list, name + Array(": illegal option -- ".utf8) + [letter])
        }
      }
    }
    return (list, nil)
  }
}
