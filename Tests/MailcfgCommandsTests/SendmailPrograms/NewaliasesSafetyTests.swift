import MailcfgCommands
import TestSupport
import Testing

/// Which files newaliases and praliases trust, and what they say: ours and sendmail's.
@Suite struct NewaliasesSafetyTests {
  typealias Run = NewaliasesBatch.Run

  private static let text = Array("foo: root\nbar: a, b\n".utf8)

  @Test(.needs(.newaliases, .sendmail, .dbDump), .enabled(if: CurrentUser.isRoot, "owners are changed"))
  func sources() throws {
    var runs: [Run] = []
    for mode in ["777", "757", "755", "711", "466", "060", "006", "022", "000", "200", "040", "004", "2644", "600"] {
      let leniency = ["", "GroupWritableAliasFile", "WorldWritableAliasFile"][runs.count / 2 % 3]
      runs.append(Run(Self.text, preparation: "chmod \(mode) aliases"))
      runs.append(Run(Self.text, leniency: leniency, preparation: "chmod \(mode) aliases"))
      runs.append(Run(Self.text, preparation: "chown 65534 aliases; chmod \(mode) aliases"))
    }
    let lenient = [
      "", "MapInUnsafeDirPath", "GroupWritableDirPathSafe", "LinkedAliasFileInWritableDir",
      "MapInUnsafeDirPath,LinkedAliasFileInWritableDir",
    ]
    for mode in ["755", "775", "777", "1777", "1775"] {
      for (number, source) in [
        "cp aliases d/aliases", "cp aliases d/aliases; ln d/aliases d/h", "cp aliases d/aliases; chmod 664 d/aliases",
        "cp aliases d/aliases; chmod 0 d/aliases", "ln -s ../aliases d/aliases", "ln -s nosuch d/aliases",
        "mkdir d/aliases", ":", "mkfifo d/aliases",
      ].enumerated() {
        // Only where everybody may write does it matter what is allowed: all of it there.
        for form in mode == "777" ? ["", "hash:", "-o ", "hash:-o "] : [["", "hash:", "-o ", "hash:-o "][number % 4]] {
          runs.append(
            Run(
              Self.text, ["-OAliasFile=\(form)%/d/aliases"], leniency: lenient[(number + runs.count) % lenient.count],
              preparation: "mkdir d; \(source); chmod \(mode) d"))
        }
      }
    }
    for (number, path) in ["d/k", "ln", "la", "d/../d/k", "d/./k", "/d//k", "d/k/"].enumerated() {
      for modes in [("777", "755"), ("755", "777"), ("775", "1777")] {
        runs.append(
          Run(
            Self.text, ["-OAliasFile=%/\(path)/aliases"], leniency: number % 2 == 0 ? "" : "MapInUnsafeDirPath",
            preparation: """
              mkdir -p d/k; cp aliases d/k; ln -s d/k ln; ln -s "$PWD/d/k" la; chmod \(modes.0) d; chmod \(modes.1) d/k
              """))
      }
    }
    let theirs = try NewaliasesDifferentialTests.compare(runs, inMemory: false)
    let said = String(decoding: theirs.flatMap(\.output), as: UTF8.self)
    for words in [
      "Group writable file", "World writable file", "Executable files not allowed", "Permission denied",
      "Hard links not allowed", "Symbolic links not allowed", "Regular files only", "No such file",
      "WARNING: World writable directory", "Cannot create database",
    ] {
      #expect(said.contains(words), "no file reached: \(words)")
    }
  }

  @Test(.needs(.newaliases, .sendmail, .dbDump), .enabled(if: CurrentUser.isRoot, "owners are changed"))
  func maps() throws {
    var runs: [Run] = []
    for owner in ["0:0", "65534:0", "65534:65534", "8:1", "0:65534"] {
      for (number, mode) in ["640", "660", "606", "460", "062", "400", "755", "2640", "000"].enumerated() {
        let form = ["", "btree:", "hash:"][number % 3]
        runs.append(
          Run(
            Self.text, ["-OAliasFile=\(form)%/aliases"] + (number % 2 == 0 ? [] : ["-OTrustedUser=65534"]),
            preparation: ": > aliases.db; chown \(owner) aliases.db; chmod \(mode) aliases.db"))
      }
    }
    for leniency in ["", "WriteMapToSymlink"] {
      for form in ["", "hash:", "hash:-o "] {
        for map in [
          ": > tgt; ln -s tgt aliases.db", "ln -s nosuch aliases.db", "mkdir aliases.db", "mkfifo aliases.db",
          "echo no database > aliases.db", "chmod 755 aliases; : > aliases.db; chmod 644 aliases",
        ] {
          runs.append(Run(Self.text, ["-OAliasFile=\(form)%/aliases"], leniency: leniency, preparation: map))
        }
        runs.append(
          Run(Self.text, ["-OAliasFile=\(form)%/aliases"], preparation: ": > aliases.db; ln aliases.db other"))
        runs.append(
          Run(
            Self.text, ["-OAliasFile=\(form)%/aliases"], leniency: "WriteMapToHardLink",
            preparation: ": > aliases.db; ln aliases.db other"))
      }
    }
    _ = try NewaliasesDifferentialTests.compare(runs, inMemory: false)
  }

  @Test(.needs(.newaliases, .sendmail, .dbDump)) func lockedSource() throws {
    let lock = "flock aliases sleep 1 >/dev/null 2>&1 & sleep 0.3"
    let theirs = try NewaliasesDifferentialTests.compare(
      [Run(Self.text, preparation: lock), Run(Self.text, ["-OAliasFile=hash:-o %/aliases"], preparation: lock)])
    #expect(theirs.allSatisfy { $0.status == 0 && $0.maps.isEmpty })
  }

  @Test(.needs(.praliases, .sendmail, .dbDump, .dbLoad)) func praliases() throws {
    let load = try Tools.dbLoad
    let library = Tools.environment["LD_LIBRARY_PATH"] ?? ""
    let shared = try TemporaryDirectory(inMemory: true)
    let making = """
      load() { printf "$3" | LD_LIBRARY_PATH="\(library)" "\(load)" -T -t $1 $2; }
      load hash h.db ' @\\\\00\\n @\\\\00\\n foo\\\\00\\n root\\\\00\\n bar\\\\00\\n a, b\\\\00\\n'
      load btree bt.db ' @\\n @\\n foo\\n root\\n bar\\n a, b\\n baz\\n x\\n'
      load hash mix.db ' a\\n both\\n a\\\\00\\n nul\\\\00\\n b\\n plain\\n c\\\\00\\n v\\n e\\n x\\\\00y\\n g\\\\00\\n \\\\00\\n'
      : > empty.db; echo garbage > garbage.db; mkdir dir.db; ln -s h.db sl.db; ln -s nosuch dl.db
      ln -s /dev/null null.db; head -c 5000 h.db > cut.db; mkdir d; cp h.db bt.db d; chmod 777 d; cp h.db no.db; chmod 200 no.db
      """
    try run("/bin/sh", ["-c", making], directory: shared.path)
    let preparation = "cp -a \(shared.path)/. ."
    var runs: [Run] = []
    let names = [
      "h", "bt", "mix", "empty", "garbage", "dir", "sl", "dl", "cut", "null", "nosuch", "d/h", "d/bt", "d/no", "no",
    ]
    for name in names {
      for form in ["", "hash:", "btree:"] {
        runs.append(Run([], ["-f", "\(form)%/\(name)"], preparation: preparation))
        runs.append(
          Run([], ["-f", "\(form)%/\(name)", "foo", "FOO", "a", "b", "c", "e", "g", "@", ""], preparation: preparation))
      }
    }
    let lines = [
      "O AliasFile %/h", "OA%/h", "OA %/h", "O aliasfile=%/h", "O AliasF=%/h", "O Aliasfilex=%/h", "O ALIASFILE = %/h",
      "O AliasFile =%/h", "O AliasFile=", "O AliasFile,=%/h", "O  AliasFile=%/h", "O\tAliasFile=%/h",
      " O AliasFile=%/h",
      "O AliasFile.x=%/h", "O AliasFile=%/h # c", "O AliasFile=%/h\n\t,%/bt", "O AliasFile=,%/h", "O AliasFile=hash:",
      "O AliasFile=:%/h", "O AliasFile=hash:-k%/h", "O AliasFile=hash: -o  %/h x", "O AliasFile=\"%/h\"",
      "O AliasFile=hash:\"-o\" %/h,\"%/bt", "O AliasFile1=%/h", "O AliasFile=-o", "O AliasFile=null", "OAfiles:%/h",
      "O AliasFile=%/h ,%/bt,hash:%/bt, btree:%/bt,implicit:%/h,dbm:%/h,HASH:%/h,hash:-N -A %/h", "O AliasFile=  ",
      "O AliasFile=%/h,,", "O AliasFile=, ,%/h", "O AliasFile=-o  %/h  ", "O AliasFile=-o hash:%/h",
      "O AliasFile=a:b:c",
    ]
    for line in lines {
      runs.append(Run([], [], configuration: [line], preparation: preparation))
      runs.append(Run([], ["foo", "nosuch"], configuration: [line], preparation: preparation))
    }
    for arguments in [
      ["-Z"], ["-f"], ["--help"], ["-C", "%/nosuch"], ["-C", "%"], ["-C", "/dev/null"], ["--", "-x"],
    ] {
      runs.append(Run([], arguments, configuration: ["#"], preparation: preparation))
    }
    let batch = try NewaliasesBatch(runs)
    let theirs = try batch.theirs(.praliases)
    let ours = try NewaliasesDifferentialTests.ours(.praliases, batch)
    for (number, run) in runs.enumerated() {
      // The same lines in the same order, and nothing is written.
      guard theirs[number] != ours[number] else { continue }
      Issue.record(
        """
        \(run.arguments) \(run.configuration)
        \(printable(theirs[number].output)) \(printable(theirs[number].errors)) \(theirs[number].status)
        \(printable(ours[number].output)) \(printable(ours[number].errors)) \(ours[number].status)
        """)
    }
  }

  /// The command itself, under the name newaliases, and Postfix as a reader of what it builds.
  @Test(.needs(.postmap, .dbDump)) func commandAndPostfix() throws {
    let place = try TemporaryDirectory()
    try place.write(
      "aliases", "# staff\nSales: anna,\n\tbernd\n\"foo bar\": \"|/bin/x -v\"\nmax: \\max\nMAX: b@c.example\n")
    try place.write("names", "local.example\n")
    try place.write(
      "sendmail.cf",
      """
      V10/Berkeley
      O AliasFile=\(place.path("aliases"))
      O QueueDirectory=\(place.path("nowhere"))
      O DontBlameSendmail=TrustStickyBit,GroupWritableDirPathSafe
      Mlocal, P=/bin/false, F=lsDFMAw5:/|@qPn9, S=10, R=20, A=false
      S0
      R$*\t$#local $: $1
      Fw\(place.path("names"))
      Troot \(CurrentUser.name)

      """)
    try run("ln", ["-s", Tools.mailcfg, place.path("newaliases")])
    let path = place.path("aliases")
    for command in [[place.path("newaliases")], [Tools.mailcfg, "newaliases"]] {
      let outcome = try run(command[0], command.dropFirst() + ["-C", place.path("sendmail.cf")])
      #expect(
        outcome.outputText == """
          \(path): line 6: MAX... Warning: duplicate alias name max
          \(path): 4 aliases, longest 12 bytes, 58 bytes total

          """)
      #expect(outcome.errorText == "")
      #expect(outcome.status == 0)
    }
    let exact = try run(
      place.path("newaliases"), ["--sendmail-exact", "-C", place.path("sendmail.cf")])
    #expect(exact.outputText == "can not chdir(\(place.path("nowhere"))/): No such file or directory\n")
    #expect(exact.status == 78)
    #expect(try listDirectory(place.path) == ["aliases", "aliases.db", "names", "newaliases", "sendmail.cf"])
    try place.write(
      "main.cf",
      """
      mail_owner = mail
      setgid_group = daemon
      maillog_file =
      compatibility_level = 3.6
      inet_interfaces = 127.0.0.1
      myhostname = mx.test.example

      """)
    for (key, value) in [
      ("sales", "anna,\tbernd"), ("max", "b@c.example"), ("foo.bar", nil), ("\"foo bar\"", "\"|/bin/x -v\""),
    ] {
      let found = try run(
        try Tools.postmap, ["-c", place.path, "-q", key, "hash:\(path)"], environment: Tools.environment)
      #expect(found.outputText == (value.map { "\($0)\n" } ?? ""))
    }
  }
}
