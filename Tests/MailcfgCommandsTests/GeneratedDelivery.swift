import Glibc
import TestSupport

/// A site with aliases, lists, `.forward` files and virtual users that lead to each other in all ways.
struct GeneratedDelivery {
  struct File {
    var name: String
    var text: String
    var mode: UInt32 = 0o644
    var owner: UInt32 = 0
  }

  let seed: UInt64
  private var random: SplitMix64
  private(set) var files: [File] = []
  private(set) var addresses: [String] = []
  /// How deep aliases may lead to aliases.
  private(set) var deepest: Int?
  private static let users = [
    ("root", 0), ("daemon", 1), ("bin", 2), ("mail", 8), ("news", 9), ("anna", 5001), ("bernd", 5002), ("carl", 5003),
    ("dora", 5004),
  ]
  private static let names = (0..<8).map { "a\($0)" }

  /// What `/etc/passwd` holds; carl has no shell.
  static func accounts(homes: String) -> String {
    users.map { name, number in
      "\(name):x:\(number):\(number):User:\(homes)/\(name):\(name == "carl" ? "/no/shell" : "/bin/sh")\n"
    }.joined()
  }

  init(seed: UInt64, directory: String) {
    self.seed = seed
    random = SplitMix64(seed: seed &+ 4711)
    files.append(File(name: "local-host-names", text: "local.example\nvirt.example\n"))
    deepest = random.oneIn(3) ? 1 + random.below(12) : nil
    addAliases(directory)
    addVirtualUsers()
    addLists(directory)
    addForwards(directory)
    addresses +=
      Self.names + Self.users.map(\.0) + ["nosuch", "nosuch+x", "r@remote.example", "ROOT", "\\anna", "\\a1"]
    addresses += ["a1+x", "a2+", "a3+x+y", "anna+x", "a4@local.example", "A5@LOCALHOST", "a6 (comment)", "<a7>"]
    addresses += (1...4).flatMap { ["v\($0)@virt.example", "v\($0)+d@virt.example", "v\($0)+@virt.example"] }
    addresses += [
      "other@virt.example", "anna@virt.example", "a@", "@b", "|/bin/x", "/tmp/x", ":include:/tmp/x",
      "a1%x@local.example",
    ]
    addresses += ["x!y", "a1@[127.0.0.1]", "x@[192.0.2.1]", "owner-a1", "Name <a2@virt.example>", "a..b@local.example"]
  }

  private mutating func name() -> String { random.oneIn(4) ? random.pick(Self.users).0 : random.pick(Self.names) }

  private mutating func item(_ directory: String) -> String {
    switch random.below(34) {
    case 0...8: return name()
    case 9...10: return random.pick(Self.users).0
    case 11: return name().uppercased()
    case 12: return name() + "+" + random.pick(["x", "", "x+y", "*"])
    case 13: return name() + "@" + random.pick(["local.example", "LOCALHOST", "virt.example", "sub.local.example"])
    case 14: return "v\(1 + random.below(4))" + random.pick(["", "+d", "+"]) + "@virt.example"
    case 15: return "r\(random.below(4))@remote.example"
    case 16: return random.pick(["<r1@x.example>", "Full Name <\(name())>", "\(name()) (a, comment)", "(c) \(name())"])
    case 17: return "\\" + random.pick(Self.users).0
    case 18: return random.pick(["\"|/bin/prog x\"", "|/bin/prog", "|\"/bin/prog -v\"", "|/bin/a b"])
    case 19: return random.pick(["/tmp/file", "\"/tmp/a b\"", "/dev/null", "\"/tmp/c,d\""])
    case 20...22: return random.pick(["", "", "", "\""]).wrapping(":include:\(directory)/lists/l\(random.below(9))")
    case 23:
      return random.pick([":include: \(directory)/lists/l1", ":INCLUDE:\(directory)/lists/l2", ":include:rel/x"])
    case 24: return random.pick(["nosuch", "nosuch+x", "nosuch\(random.below(3))", "error:nouser x", "no such"])
    case 25:
      return random.pick([
        "a@", "@b", "r@@x", "a..b@local.example", "x@.y", "<>", "a b c", "x;y", "a\u{1}1", "r\u{7F}@x.example",
        "\"q\u{1B}\"",
      ])
    case 26: return random.pick(["\"unbalanced", "(\(name())", "\(name()))", "<\(name())", "\(name())>"])
    case 27: return "Group: \(name()), \(name());"
    case 28: return random.pick(["a%b@local.example", "x!y", "<@x.example:r@y.example>", "\"q r\"@remote.example"])
    case 29: return random.pick([" ", "", ",,"])
    case 30: return "\"\(name())\""
    case 31: return "root@[127.0.0.1]"
    case 32: return String(repeating: "x", count: 240 + random.below(30)) + random.pick(["", "@remote.example"])
    default: return name()
    }
  }

  private mutating func list(_ directory: String, upTo count: Int) -> String {
    (0..<(1 + random.below(count))).map { _ in item(directory) }.joined(separator: random.pick([", ", ",", " , "]))
      // Of what messages shorten, the blanks behind it would be part.
      .replacing("xxx ,", with: "xxx,").replacing("@remote.example ,", with: "@remote.example,")
  }

  private mutating func addAliases(_ directory: String) {
    var text = ""
    var keys = Self.names.filter { _ in !random.oneIn(6) }
    for user in Self.users.map(\.0) where random.oneIn(3) { keys.append(user) }
    for name in Self.names where random.oneIn(4) { keys.append(name + random.pick(["+*", "+x"])) }
    if random.oneIn(3) { keys.append("anna+*") }
    for key in keys { text += "\(key): \(list(directory, upTo: 5))\n" }
    // What an owner is parsed for, as a sender, is no part of where mail goes.
    for name in Self.names where random.oneIn(4) {
      text += "owner-\(name): \(random.pick(["\(self.name())", "a1, anna", "r@remote.example", "nosuch"]))\n"
    }
    // A chain that may be too deep.
    let first = random.below(14)
    for number in 0..<first { text += "d\(number): d\(number + 1)" + (random.oneIn(5) ? ", \(name())" : "") + "\n" }
    text += "d\(first): \(name())\n"
    addresses += (0...first).filter { _ in random.oneIn(2) }.map { "d\($0)" } + ["d0"]
    files.append(File(name: "aliases", text: text))
  }

  private mutating func addVirtualUsers() {
    var text = ""
    var keys = (1...4).filter { _ in !random.oneIn(3) }.map { "v\($0)@virt.example" }
    for key in ["++@virt.example", "+*@virt.example", "@virt.example", "anna@virt.example", "v1@local.example"]
    where random.oneIn(3) { keys.append(key) }
    for number in 1...4 where random.oneIn(3) {
      keys.append("v\(number)" + random.pick(["+d", "++", "+*"]) + "@virt.example")
    }
    for key in keys {
      let value: String
      switch random.below(16) {
      case 0...3: value = name()
      case 4: value = "%1@local.example"
      case 5: value = "anna+%2"
      case 6: value = "%1%3@remote.example"
      case 7: value = "%0x"
      case 8: value = "v\(1 + random.below(4))@virt.example"
      case 9: value = "error:nouser 550 5.1.1 No such user"
      case 10: value = "error:5.7.0:550 go away"
      case 11: value = "error:nouser gone for good"
      case 12: value = random.pick(["|/bin/x", "/tmp/x", ":include:/x", "a,b"])
      case 13:
        value = random.pick(["\\root", "nosuch", "<joe@remote.example>", "Joe <joe@remote.example>", "@r", "joe@"])
      case 14: value = "%1"
      default: value = random.pick(Self.users).0
      }
      text += "\(key)\t\(value)\n"
    }
    files.append(File(name: "virtusertable", text: text))
  }

  private mutating func addLists(_ directory: String) {
    for number in 0..<8 {
      var text = ""
      for _ in 0..<random.below(5) {
        switch random.below(10) {
        case 0: text += "# comment\n"
        case 1: text += "\n"
        case 2: text += "  \(list(directory, upTo: 2)) #@# note\n"
        case 3: text += "\(list(directory, upTo: 2))\r\n"
        case 4: text += "\(name()) # no comment\n"
        default: text += list(directory, upTo: 3) + (random.oneIn(8) ? "" : "\n")
        }
      }
      let mode: UInt32 = random.pick([0o644, 0o644, 0o644, 0o644, 0o755, 0o600, 0o640, 0o664, 0o666, 0o044, 0o000])
      let folder = random.oneIn(8) ? "lists/open/" : "lists/"
      files.append(File(name: "\(folder)l\(number)", text: text, mode: mode, owner: random.pick([0, 0, 8, 5001])))
    }
  }

  private mutating func addForwards(_ directory: String) {
    for (user, number) in Self.users where number > 8 || number == 0 {
      guard random.oneIn(2) else { continue }
      var text = ""
      for _ in 0..<(1 + random.below(3)) {
        text += random.oneIn(4) ? random.pick(["\\\(user)\n", "\(user)\n", "# c\n"]) : list(directory, upTo: 3) + "\n"
      }
      files.append(
        File(
          name: "homes/\(user)/.forward" + (random.oneIn(5) ? ".mx" : ""), text: text,
          mode: random.pick([0o644, 0o644, 0o644, 0o600, 0o664, 0o666, 0o000, 0o755]),
          owner: random.oneIn(5) ? 8 : random.oneIn(4) ? 0 : UInt32(number)))
    }
  }

  func write(into directory: TemporaryDirectory) throws {
    unsafe chmod(directory.path, 0o755)
    for (folder, mode) in [("lists", 0o755), ("lists/open", 0o777), ("homes", 0o755)] as [(String, UInt32)] {
      try directory.makeDirectory(folder, mode: mode)
      unsafe chmod(directory.path(folder), mode)
    }
    for (user, number) in Self.users {
      try directory.makeDirectory("homes/\(user)", mode: 0o755)
      unsafe chown(directory.path("homes/\(user)"), UInt32(number), UInt32(number))
    }
    for file in files {
      try directory.write(file.name, file.text)
      unsafe chown(directory.path(file.name), file.owner, 0)
      unsafe chmod(directory.path(file.name), file.mode)
    }
  }
}

extension String {
  fileprivate func wrapping(_ text: String) -> String { self + text + self }
}
