/// The processes of sendmail's makemap that build one of some maps and have not opened it yet.
///
/// Such a one may have looked at the map already. It keeps to itself which file that was, with no lock and no open file that
/// others could see, until it has emptied what it finds under the name; so only the list of processes tells of it (proc(5)).
/// Of another user's processes nothing is seen, unless by root.
struct StartingMakemaps {
  private var processes: [String]

  /// Those that run now and have one of these maps, which are in place, among their arguments: whoever starts later sees nothing but
  /// what is in place now.
  init(of maps: [FileIdentity]) {
    let names = (try? Directory("/proc").names()) ?? []
    processes = names.filter { name in
      name.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } && Self.isMakemap(name)
        && Self.names(anyOf: maps, process: name)
    }
  }

  /// Whether there is still one that has neither opened a map nor ended.
  mutating func remain() -> Bool {
    processes.removeAll { !Self.isMakemap($0) || Self.hasOpenedMap($0) }
    return !processes.isEmpty
  }

  private static func isMakemap(_ process: String) -> Bool { leads("exe", of: process, to: "/makemap") }

  private static func names(anyOf maps: [FileIdentity], process: String) -> Bool {
    guard let arguments = try? FileContents("/proc/\(process)/cmdline") else { return false }
    return arguments.bytes.split(separator: 0).contains { argument in
      let path = String(path: Array(argument))
      let place = path.hasPrefix("/") ? path : "/proc/\(process)/cwd/\(path)"
      return [place, place + ".db"].contains { FileStatus(following: $0).map { maps.contains($0.identity) } ?? false }
    }
  }

  private static func hasOpenedMap(_ process: String) -> Bool {
    guard let files = try? Directory("/proc/\(process)/fd"), let names = try? files.names() else { return true }
    return names.contains { leads("fd/\($0)", of: process, to: ".db") }
  }

  /// Whether a link of a process ends in these letters; not where that cannot be told.
  private static func leads(_ link: String, of process: String, to end: String) -> Bool {
    (try? linkTarget("/proc/\(process)/\(link)"))?.hasSuffix(end) ?? false
  }
}
