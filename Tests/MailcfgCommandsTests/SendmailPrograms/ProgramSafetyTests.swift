import Glibc
import TestSupport
import Testing

/// What makemap and editmap say of files that they had better not touch, and what they leave: ours as a program under its own
/// name and as a command of mailcfg, and sendmail's.
@Suite struct ProgramSafetyTests {
  /// Runs a script with `makemap`, `editmap` and the directory's name of either kind, and gives what it printed.
  static func transcript(_ script: String, isOurs: Bool, asCommand: Bool = false) throws -> [String] {
    let place = try TemporaryDirectory(inMemory: true)
    try place.makeDirectory("bin")
    for program in [Tools.Program.makemap, .editmap, .praliases] {
      let name = program.rawValue.split(separator: "/").last.map(String.init) ?? ""
      let text =
        isOurs && asCommand
        ? "#!/bin/bash\nexec '\(Tools.mailcfg)' \(name) \"$@\"\n"
        : "#!/bin/bash\n"
          + (isOurs ? "" : Tools.environment.map { "export \($0.key)='\($0.value)'\n" }.joined())
          + "exec -a \(name) '\(isOurs ? Tools.mailcfg : try Tools.path(program))' \"$@\"\n"
      try place.write("bin/\(name)", text, mode: 0o755)
    }
    try place.makeDirectory("work")
    try place.write("work/empty.cf", "")
    let head = """
      umask 022
      PATH=\(place.path("bin")):$PATH
      say() { echo "$ $*"; "$@" 2>&1; echo "= $?"; }
      show() { for one in "$@"; do stat -c '%n %F %a %U:%G %h' "$one"; done; }
      fresh() { rm -rf x.db y.db; printf 'a b\\n' | makemap -C empty.cf hash x; }

      """
    let outcome = try run("/bin/bash", ["-c", head + script], directory: place.path("work"))
    let text = outcome.outputText + outcome.errorText
    let own = text.split(separator: place.path, omittingEmptySubsequences: false).joined(separator: "PLACE")
    return own.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      .filter { !$0.contains(": note: ") }
  }

  /// Runs a script with both, ours as a command of mailcfg too if wanted, and compares what they print, command by command.
  static func compare(_ script: String, asCommand: Bool = false, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let theirs = blocks(try transcript(script, isOurs: false))
    #expect(theirs.count > 3)
    for asCommand in asCommand ? [false, true] : [false] {
      let ours = blocks(try transcript(script, isOurs: true, asCommand: asCommand))
      #expect(theirs.count == ours.count, sourceLocation: sourceLocation)
      for (number, (left, right)) in zip(theirs, ours).filter({ $0 != $1 }).enumerated() where number < 8 {
        Issue.record(
          "\(left.joined(separator: "\n"))\n--- ours:\n\(right.joined(separator: "\n"))", sourceLocation: sourceLocation
        )
      }
    }
  }

  /// The lines of each command together.
  private static func blocks(_ lines: [String]) -> [[String]] {
    var blocks: [[String]] = [[]]
    for line in lines {
      if line.hasPrefix("$ ") { blocks.append([]) }
      blocks[blocks.count - 1].append(line)
    }
    return blocks
  }

  static let uses = """
    use() {
      printf 'k v\\n' | say makemap -C empty.cf $2 hash $1
      printf 'k w\\n' | say makemap -C empty.cf $2 -o hash $1
      say makemap -C empty.cf $2 -u hash $1
      say editmap -C empty.cf -q hash $1 k
      say editmap -C empty.cf -u hash $1 k x
      say editmap -C empty.cf -x hash $1 zz
      printf 'k v\\n' | say makemap -C empty.cf $2 implicit $1
    }

    """

  @Test(.needs(.makemap, .editmap)) func oddFiles() throws {
    try Self.compare(
      Self.uses + """
        for links in '' -s; do
          fresh; ln x.db y.db; use x $links; show x.db y.db
          fresh; mv x.db y.db; ln -s y.db x.db; use x $links; show x.db y.db; cmp x.db y.db
          rm -f x.db y.db; ln -s nowhere x.db; use x $links; show x.db
          rm -f x.db; mkfifo x.db; use x $links; show x.db
          rm -f x.db; mkdir x.db; use x $links; show x.db; rmdir x.db
        done
        for mode in 755 744 700 4644 2640 660 666 640 600 400 200 000 604; do
          fresh; chmod $mode x.db; use x; show x.db
        done
        fresh; ln x.db y.db; chmod 755 x.db; use x
        fresh; ln x.db y.db; chmod 000 x.db; use x; use x -s
        : > x.db; use x; : > x.db; say makemap -C empty.cf -u hash x; say makemap -C empty.cf -o hash x < /dev/null
        : > x.db; say editmap -C empty.cf -q hash x a; say editmap -C empty.cf -x hash x a; show x.db
        echo junk > x.db; say makemap -C empty.cf -u hash x; say editmap -C empty.cf -u hash x a b; use x
        fresh; say makemap -C empty.cf -u btree x; say editmap -C empty.cf -u btree x a b; say makemap -C empty.cf -u implicit x
        rm x.db; use x; use nodir/x; use empty.cf/x; show x.db; use x.db; use x.txt; show x.txt.db
        say makemap -C empty.cf hash $(printf 'n%.0s' {1..252}) < /dev/null
        say makemap -C empty.cf hash $(printf 'n%.0s' {1..253}) < /dev/null
        say makemap -C empty.cf hash $(printf './%.0s' {1..2045})xx < /dev/null
        say makemap -C empty.cf hash $(printf './%.0s' {1..2046})xx < /dev/null
        ls -A | sort
        """)
  }

  @Test(.needs(.makemap, .editmap)) func directoriesThatOthersMayWriteTo() throws {
    try Self.compare(
      Self.uses + """
        mkdir -m 777 w; mkdir -m 775 w/g; mkdir w/g/s; mkdir -m 1777 t; ln -s w lw; ln -s ../work/w lw2; ln -s lw lw3
        ln -s "$PWD/w/g" lg; ln -s nowhere w/l.db
        mkdir -m 555 c; mkdir -m 311 o; mkdir -m 677 n
        echo junk > w/junk.db; makemap -C empty.cf btree w/btree < /dev/null; ln -s /dev/null w/device.db
        for type in hash btree implicit; do
          for map in w/junk w/btree w/device w/none w/x; do
            for option in -u -o; do say makemap -C empty.cf $option $type $map < /dev/null; done
            say editmap -C empty.cf -q $type $map k; say editmap -C empty.cf -u $type $map k v
          done
        done
        for map in c/x o/x n/x w/x w/g/x w/g/s/x t/x w/./x ./w/x w//g/x w/../x w/../t/x lw/x lw2/x lw3/x lg/x w/l w/none/x; do
          use $map
        done
        chmod 777 .; use x; use ./x; use w/../x; chmod 755 .
        """)
  }

  @Test(.needs(.makemap, .editmap), .enabled(if: geteuid() == 0, "owners can be changed by root only"))
  func ownersAndTrustedUsers() throws {
    try Self.compare(
      Self.uses + """
        for owner in daemon:root root:daemon daemon:daemon; do
          for mode in 640 644 664 666 600; do fresh; chown $owner x.db; chmod $mode x.db; use x; show x.db; done
        done
        for mode in 755 775 757 777 700; do
          for owner in daemon:root root:daemon daemon:daemon; do
            rm -rf d; mkdir d; chown $owner d; chmod $mode d; use d/x; show d/x.db
            echo 'O TrustedUser=daemon' > trusted.cf; say makemap -C trusted.cf hash d/y < /dev/null
          done
        done
        for user in daemon 1 ' daemon' '1x' nosuch '' 'daemon ' 0 99999999999 -1; do
          printf 'O TrustedUser=%s\\n' "$user" > trusted.cf
          rm -f x.db; echo a b | say makemap -C trusted.cf hash x; show x.db
          say makemap -C trusted.cf hash x < /dev/null; say editmap -C trusted.cf -u hash x a b; show x.db
          fresh; say makemap -C trusted.cf hash x < /dev/null; show x.db
          fresh; say makemap -C trusted.cf -u hash x; show x.db
          fresh; say editmap -C trusted.cf -u hash x k v; show x.db
        done
        echo 'O TrustedUser=daemon' > trusted.cf
        for owner in root mail; do
          for mode in 640 444 200; do
            for call in "-q hash x a" "-q hash x none" "-q btree x a" "-q implicit x a" "-x hash x none" "-x btree x none"; do
              fresh; chown $owner x.db; chmod $mode x.db; say editmap -C trusted.cf $call; show x.db
            done
          done
        done
        fresh; ln x.db y.db; say editmap -C trusted.cf -q hash x a; : > x.db; say editmap -C trusted.cf -q hash x a; show x.db
        for line in 'o TrustedUser=1' 'O trusteduser=1' 'O TrustedUserX=1' 'O TrustedUser9=1' 'O TrustedUser:=1' \\
          'O TrustedUser' 'O TrustedUser  = 1' 'O  TrustedUser=1' ' O TrustedUser=1'; do
          printf 'O TrustedUser=2\\n%s\\n' "$line" > trusted.cf; rm -f x.db
          say makemap -C trusted.cf hash x < /dev/null; show x.db
        done
        for users in 'daemon nosuch' 'nosuch daemon' 'daemon nosuch mail' 'daemon 0'; do
          printf 'O TrustedUser=%s\\n' $users > trusted.cf; rm -f x.db y.db
          say makemap -C trusted.cf hash x < /dev/null; say editmap -C trusted.cf -u hash y a b; show x.db y.db
        done
        printf 'O TrustedUser=daemon\\r\\n' > trusted.cf; rm -f x.db; say makemap -C trusted.cf hash x < /dev/null; show x.db
        for file in none . empty.cf/x /dev/null; do
          say makemap -C $file hash y < /dev/null; say editmap -C $file -q hash y k; say makemap -C $file nonsense y
        done
        say makemap -C none -C empty.cf hash y < /dev/null; say makemap -C empty.cf -C none hash y < /dev/null
        """)
  }

  /// Root's rights do not hide what an ordinary user meets.
  @Test(.needs(.makemap, .editmap), .enabled(if: geteuid() == 0, "another user is put on by root only"))
  func anOrdinaryUser() throws {
    let script = """
      mkdir -m 777 home; mkdir -m 755 closed; mkdir -m 700 shut; cp empty.cf home; : > closed/w.db; chmod 666 closed/w.db
      : > closed/g.db; chown root:daemon closed/g.db; chmod 664 closed/g.db; : > closed/r.db; chmod 644 closed/r.db
      printf 'k v\n' | makemap -C empty.cf hash closed/p; chmod 600 closed/p.db
      cd home; ln -s ../closed/w.db link.db; ln ../closed/w.db hard.db
      cat > script <<'EOF'
      umask 022
      say() { echo "$ $*"; "$@" 2>&1; echo "= $?"; }
      show() { for one in "$@"; do stat -c '%n %F %a %U:%G %h' "$one"; done; }
      for map in x ../closed/x ../shut/x ../closed/w ../closed/g ../closed/r ../none/x; do
        printf 'k v\\n' | say makemap hash $map
        printf 'k v\\nj w\\n' | say makemap -o hash $map
        say makemap -u hash $map
        say editmap -C empty.cf -u hash $map q r
        say editmap -C empty.cf -q hash $map q
      done
      for map in x ../closed/x ../shut/x ../closed/w ../closed/g ../closed/r ../none/x ../closed/p link hard; do
        say praliases -f $map; say praliases -f hash:$map k; say praliases -f btree:$map
      done
      for map in link hard; do
        printf 's t\\n' | say makemap hash $map; printf 's t\\n' | say makemap -s hash $map; say makemap -s -u hash $map
      done
      show x.db ../closed/* link.db hard.db
      say makemap -C none hash x < /dev/null; say makemap -C none cf x < /dev/null; say makemap cf x < /dev/null
      say editmap -C none -q hash x k
      for call in "" "-i hash" "-C none" "-C ../empty.cf -i hash" "-u"; do say makemap $call '' x < /dev/null; done
      umask 0; say makemap hash m0 < /dev/null; umask 077; say makemap hash m7 < /dev/null; show m0.db m7.db
      ls -A . ../closed
      EOF
      setpriv --reuid=1 --regid=1 --clear-groups /bin/bash script
      """
    try Self.compare(script)
  }

  /// What cannot be written is said before a line of input is read; what is only asked, or found missing, is answered.
  @Test(.needs(.makemap, .editmap), .enabled(if: geteuid() == 0, "disks are mounted by root only"))
  func disksAndFilesThatCannotBeWritten() throws {
    let script = """
      cat > script <<'EOF'
      say() { echo "$ $*"; "$@" 2>&1; echo "= $?"; }
      use() {
        for type in hash implicit; do
          echo k v | say makemap -C empty.cf $type $1
          echo k v | say makemap -C empty.cf -o $type $1
          say makemap -C empty.cf -u $type $1
          say editmap -C empty.cf -q $type $1 a
          say editmap -C empty.cf -u $type $1 k x
          say editmap -C empty.cf -x $type $1 a
          say editmap -C empty.cf -x $type $1 none
        done
      }
      set -e
      mkdir disk; mount -t tmpfs -o mode=777 disk disk
      echo a b | makemap -C empty.cf hash disk/x; cp disk/x.db x.db
      mount -o remount,ro disk; set +e
      use disk/x; use disk/new
      mount --bind x.db x.db; mount -o remount,bind,ro x.db; use x; umount x.db
      # Where the file system has no such flag, both say the same all the same.
      chattr +i x.db 2> /dev/null; use x; chattr -i x.db 2> /dev/null
      mkdir fixed; cp disk/x.db fixed; chattr +i fixed 2> /dev/null; use fixed/new; chattr -i fixed 2> /dev/null
      EOF
      unshare -m /bin/bash script
      """
    try Self.compare(script)
  }

  @Test(.needs(.makemap, .editmap)) func commandLines() throws {
    let calls = [
      "", "-z", "--help", "hash", "hash x y", "-C", "-C empty.cf", "-l", "-L", "-x", "-l -z", "-z -l", "-lx", "-xl",
      "-D",
      "-t '' -z", "-t ''", "-i", "-c", "-q hash x", "-vz hash x", "$'-\\xe9' hash x", "-C empty.cf hash x -v",
      "-C empty.cf -- hash -v", "-C empty.cf hash -- -v", "-C empty.cf -t '' hash x", "-C empty.cf -cabc hash x",
      "-C empty.cf -c -1 hash x", "-C empty.cf dbm x", "-C empty.cf cdb x", "-C empty.cf HASH x", "-C empty.cf '' x",
      "-C empty.cf c x", "-C empty.cf -i hash cf x", "-C empty.cf -v -i btree CF y", "-C empty.cf -i none cf x",
      "-C empty.cf -i cf cf x", "-C empty.cf -i dbm cf x", "-C empty.cf hash ''", "-C empty.cf hash .db",
      "-C empty.cf hash .",
      "-C empty.cf hash $'n\\xe9'", "-C empty.cf -u hash $'n\\xe9'", "-C empty.cf $'\\xe9' x", "-C $'\\xe9' hash x",
      "-C empty.cf -D $'\\xe9' -t $'\\xe8' hash x",
    ]
    let edits = [
      "", "-z", "--help", "hash x", "hash x k", "-q hash x", "-q hash x k v", "-u hash x k", "-u hash x k v w",
      "-x hash x",
      "-q -u hash x k", "-q -q hash x k", "-C", "-C none -q hash x k", "-q -C empty.cf hash x $'\\xe9'",
      "-u -C empty.cf hash x $'\\xe9' $'\\xe8'", "-q -C empty.cf hash x $'\\xe9'", "-C empty.cf -q HASH x k",
      "-C empty.cf -q cf x k", "-C empty.cf -q dbm x k", "-C empty.cf -u hash $'n\\xe9' k v",
      "-C empty.cf -q hash $'n\\xe9' k",
    ]
    var script = calls.map { "printf 'a b\\nA c\\n\\xe9 d\\n' | say makemap \($0)" }.joined(separator: "\n")
    script += "\n" + edits.map { "say editmap \($0)" }.joined(separator: "\n")
    script += "\nexport POSIXLY_CORRECT=1\nsay makemap -C empty.cf hash x -v < /dev/null\nls -A | LC_ALL=C sort\n"
    try Self.compare(script, asCommand: true)
  }

  @Test(.needs(.makemap)) func mapsOfTheConfiguration() throws {
    var script = """
      cat > maps.cf <<'EOF'
      Kaccess hash -T<TMPF> maps/access
      Kb btree x
      Kc text y
      Kt hash\tt
      Kd foo z.db
      Ke btree z.db\u{20}\u{20}
       Kf hash q
      Kg
      Kh hash u
      Kh2 btree u
      Kq hash -o a/b/q.ext.db
      K  spaced   btree   v
      Kcr hash w\r
      Ktabs\thash\ttt
      Ktab hash\ttu
      Knul hash n
      Kcase BTREE cs
      Ktwo hash one two
      Kdot hash maps/dot.x
      Kdots btree dots.x.db
      Khid hash .hid.x.y
      EOF
      mkdir maps

      """
    let names = [
      "maps/access", "access", "./maps/access", "access.db", "x", "y", "t", "z", "z.db", "./z.db", "u", "a/b/q.ext",
      "q.ext",
      "q", "cs", "Kg", "''", "v", "n", "one", "w", "tt", "tu", "two", "./two", "hash", ".", "/", "dot",
      "dot.x", "dot.x.db", "a.b/dot.y.z", "dots", "dots.x", "dots.x.db", ".hid", ".hid.x", ".hid.x.y",
    ]
    for name in names {
      for type in ["cf", "CF", "Cf", "cF", "''", "-i '' CF", "-i '' ''", "-i btree ''"] {
        script +=
          "rm -f *.db maps/*; printf 'a b\\n' | say makemap -C maps.cf -v \(type) \(name); file *.db maps/* | grep -o Berkeley.*\n"
      }
    }
    try Self.compare(script)
  }
}
