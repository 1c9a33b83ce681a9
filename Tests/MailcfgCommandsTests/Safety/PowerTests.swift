import TestSupport
import Testing

/// What a power cut leaves is decided by the order of syncs and renames: it is recorded and compared with the rule.
@Suite(.needsStrace, .needs(.makemap, .sendmail, .dbDump, .dbVerify)) struct PowerTests {
  @Test(arguments: Scenario.all) func theOrderOfSyncsAndRenames(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    let place = try staging.place()
    let log = place.directory.path("calls")
    let outcome = try staging.run(
      place,
      behind: ["strace", "-f", "-y", "-s", "300", "-o", log, "-e", "trace=\(CallRecord.names.joined(separator: ","))"])
    #expect(outcome.status == 0)
    let record = CallRecord(log: String(decoding: try readFile(log), as: UTF8.self), directory: place.mail)
    #expect(record.calls.contains { $0.name == "renameat2" })
    #expect(record.offences() == [])
    let syncs = record.calls.count { $0.name == "fsync" || $0.name == "fdatasync" }
    Proof.report("power, \(scenario.name): \(record.calls.count) calls, \(syncs) syncs, in order")
  }

  /// The rule finds what is against it: each sync left out of a good record is an offence, but for what is synced twice.
  @Test func theRuleFindsWhatIsMissing() {
    let good = [
      #"1 openat(3</m>, ".mailcfg.journal", O_RDWR|O_CREAT|O_EXCL, 0600) = 8</m/.mailcfg.journal>"#,
      #"1 write(8</m/.mailcfg.journal>, "stage .mailcfg-a\n", 17) = 17"#,
      #"1 openat(9</m/.mailcfg-a>, "access", O_RDWR|O_CREAT|O_EXCL, 0600) = 10</m/.mailcfg-a/access>"#,
      #"2 openat(9</m/.mailcfg-a>, "access.db", O_RDWR|O_CREAT|O_EXCL, 0600) = 11</m/.mailcfg-a/access.db>"#,
      #"1 write(10</m/.mailcfg-a/access>, "x, y", 4) = 4"#,
      #"2 pwrite64(11</m/.mailcfg-a/access.db>, "x"..., 4096, 0) = 4096"#,
      #"1 fsync(10</m/.mailcfg-a/access> <unfinished ...>"#,
      #"2 fsync(11</m/.mailcfg-a/access.db>) = 0"#,
      #"1 <... fsync resumed>) = 0"#,
      #"1 fsync(9</m/.mailcfg-a>) = 0"#,
      #"1 fsync(3</m>) = 0"#,
      #"1 write(8</m/.mailcfg.journal>, "replace 1 2 0 access\n", 21) = 21"#,
      #"1 fsync(8</m/.mailcfg.journal>) = 0"#,
      #"1 renameat2(9</m/.mailcfg-a>, "access", 3</m>, "access", RENAME_EXCHANGE) = 0"#,
      #"1 renameat2(9</m/.mailcfg-a>, "access.db", 3</m>, "access.db", RENAME_EXCHANGE) = 0"#,
      #"1 write(12</m/.mailcfg.history>, "change 2\n", 9) = 9"#,
      #"1 fsync(12</m/.mailcfg.history>) = 0"#,
      #"1 fsync(3</m>) = 0"#,
      #"1 unlinkat(9</m/.mailcfg-a>, "access", 0) = 0"#,
      #"1 unlinkat(9</m/.mailcfg-a>, "access.db", 0) = 0"#,
      #"1 unlinkat(3</m>, ".mailcfg-a", AT_REMOVEDIR) = 0"#,
      #"1 unlinkat(3</m>, ".mailcfg.journal", 0) = 0"#,
    ]
    func offences(_ lines: [String]) -> [String] {
      CallRecord(log: lines.joined(separator: "\n"), directory: "/m").offences()
    }
    #expect(offences(good) == [])
    for index in good.indices where good[index].contains("fsync") && !good[index].contains("resumed") {
      var lines = good
      lines.remove(at: index)
      if good[index].contains("unfinished") { lines.removeAll { $0.contains("resumed") } }
      #expect(!offences(lines).isEmpty, "\(good[index])")
    }
    for (index, other) in [(5, 7), (11, 13), (14, 15), (17, 18), (20, 21)] {
      var lines = good
      lines.swapAt(index, other)
      #expect(!offences(lines).isEmpty, "\(good[index])")
    }
  }
}
