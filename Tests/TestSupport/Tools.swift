internal import Glibc
package import Testing

/// The real programs that tests compare with; `scripts/test-tools` unpacks them, nothing is installed.
///
/// They are looked for in the folder that the environment variable `MAILCFG_TEST_TOOLS` names (it holds `usr/…`),
/// otherwise in `.build/test-tools/root` of this checkout.
package enum Tools {
  /// A program by its path inside the unpacked packages, without the leading slash.
  package enum Program: String, CaseIterable, Sendable {
    case sendmail = "usr/libexec/sendmail/sendmail"
    case newaliases = "usr/libexec/sendmail/newaliases"
    case makemap = "usr/libexec/sendmail/makemap"
    case editmap = "usr/libexec/sendmail/editmap"
    case praliases = "usr/libexec/sendmail/praliases"
    case postmap = "usr/sbin/postmap"
    case postalias = "usr/sbin/postalias"
    case dbDump = "usr/bin/db5.3_dump"
    case dbLoad = "usr/bin/db5.3_load"
    case dbVerify = "usr/bin/db5.3_verify"
    case m4 = "usr/bin/m4"
    case procmail = "usr/bin/procmail"

    /// The programs that serve as well when the machine has them installed: no mail server is behind them.
    var mayBeInstalled: Bool {
      switch self {
      case .dbDump, .dbLoad, .dbVerify, .m4: true
      default: false
      }
    }
  }

  /// The checkout: the folder with `Package.swift`.
  package static let checkout: String = {
    let components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return components.dropLast(3).joined(separator: "/")
  }()

  /// The folder of the unpacked packages, whether it is there or not.
  package static let root: String = environmentValue("MAILCFG_TEST_TOOLS") ?? checkout + "/.build/test-tools/root"

  /// Whether this is a run in which nothing may be skipped: the environment variable `CI` is set.
  package static let isCI: Bool = !(environmentValue("CI") ?? "").isEmpty

  /// `LD_LIBRARY_PATH` for the unpacked programs; to be given to no other program.
  package static let environment: [String: String] = {
    #if arch(arm64)
      let libraries = "usr/lib/aarch64-linux-gnu"
    #else
      let libraries = "usr/lib/x86_64-linux-gnu"
    #endif
    let unmerged = String(libraries.dropFirst(4))
    return ["LD_LIBRARY_PATH": [libraries, unmerged, "usr/lib/postfix"].map { "\(root)/\($0)" }.joined(separator: ":")]
  }()

  /// The path of a program, or nil when it is not there.
  package static func find(_ program: Program) -> String? {
    let unpacked = "\(root)/\(program.rawValue)"
    if unsafe access(unpacked, X_OK) == 0 { return unpacked }
    let installed = "/" + program.rawValue
    return unsafe program.mayBeInstalled && access(installed, X_OK) == 0 ? installed : nil
  }

  /// The path of a program.
  ///
  /// - Throws: ``TestSupportError`` that says how to get it when it is not there.
  package static func path(_ program: Program) throws(TestSupportError) -> String {
    guard let path = find(program) else {
      throw TestSupportError("\(root)/\(program.rawValue) is missing; run scripts/test-tools")
    }
    return path
  }

  package static var sendmail: String { get throws(TestSupportError) { try path(.sendmail) } }
  package static var newaliases: String { get throws(TestSupportError) { try path(.newaliases) } }
  package static var makemap: String { get throws(TestSupportError) { try path(.makemap) } }
  package static var editmap: String { get throws(TestSupportError) { try path(.editmap) } }
  package static var praliases: String { get throws(TestSupportError) { try path(.praliases) } }
  package static var postmap: String { get throws(TestSupportError) { try path(.postmap) } }
  package static var postalias: String { get throws(TestSupportError) { try path(.postalias) } }
  package static var dbDump: String { get throws(TestSupportError) { try path(.dbDump) } }
  package static var dbLoad: String { get throws(TestSupportError) { try path(.dbLoad) } }
  package static var dbVerify: String { get throws(TestSupportError) { try path(.dbVerify) } }
  package static var m4: String { get throws(TestSupportError) { try path(.m4) } }

  /// sendmail's own m4 sources: the folder with `m4/cf.m4`, `feature` and `ostype`.
  package static let cfDirectory: String = root + "/usr/share/sendmail/cf"

  /// What the tests' own configuration of sendmail is made from, see `scripts/oracle.mc`.
  package static let configurationTemplate: String = root + "/../cf/oracle.cf"

  /// Whether every program is there, and the configuration that the tests give to sendmail.
  package static var isComplete: Bool {
    unsafe Program.allCases.allSatisfy { find($0) != nil } && access(configurationTemplate, R_OK) == 0
  }

  /// Whether the programs are there.
  ///
  /// In CI always true: there the test must run, and fails with what is missing.
  package static func available(_ programs: [Program]) -> Bool {
    if isCI { return true }
    guard programs.allSatisfy({ find($0) != nil }) else { return false }
    return unsafe !programs.contains(.sendmail) || (access(configurationTemplate, R_OK) == 0 && Namespaces.areAllowed)
  }

  /// The `mailcfg` that was built with these tests, or the one that `MAILCFG_BINARY` names.
  package static let mailcfg: String = {
    if let path = environmentValue("MAILCFG_BINARY") { return path }
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let executable = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return executable.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/mailcfg"
  }()

  /// The value of an environment variable, or nil.
  package static func environmentValue(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}

/// What hinders a test: a tool that is missing, a program that cannot be started or does not end.
package struct TestSupportError: Error, CustomStringConvertible {
  /// What is wrong, and what to do.
  package var description: String

  /// Makes an error; the number of the failed call is added as text when one is given.
  package init(_ description: String, errno number: Int32? = nil) {
    self.description = number.map { "\(description): \(unsafe String(cString: strerror($0)))" } ?? description
  }
}

extension Trait where Self == ConditionTrait {
  /// The test needs these real programs: a person sees it skipped with the reason, in CI it fails.
  package static func needs(_ programs: Tools.Program...) -> Self {
    .enabled(
      if: Tools.available(programs),
      "run scripts/test-tools for the programs that this test compares with; sendmail also needs namespaces")
  }

  /// The test runs the real sendmail, for which ``Namespaces`` are made: skipped for a person without, failing in CI.
  package static var needsNamespaces: Self { .needs(.sendmail) }

  /// The test needs a running daemon, and so root: a person sees it skipped with the reason, in CI it fails.
  package static var needsLiveSendmail: Self {
    .enabled(
      if: Tools.isCI || (geteuid() == 0 && Tools.available([.sendmail, .makemap])),
      "a sendmail on loopback needs root, for namespaces of its own, and scripts/test-tools")
  }
}
