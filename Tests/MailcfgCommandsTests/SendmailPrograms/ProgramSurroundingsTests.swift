import TestSupport
import Testing

/// What sendmail's programs do not depend on, and ours neither.
@Suite struct ProgramSurroundingsTests {
  /// In a chroot, or early at boot, there is no /proc, from which Swift takes the command line.
  @Test(.needs(.makemap, .editmap, .newaliases, .praliases, .sendmail)) func programsWithoutProc() throws {
    let said = try BothPrograms().compare(
      """
      mount -t tmpfs none /proc
      printf 'a b\\nB c\\n' | say makemap -C /dev/null hash x; dump x
      say makemap; say makemap -C /dev/null hash ''; say makemap -z $'\\xe9'
      say editmap -C /dev/null -q hash x b
      printf 'foo: root\\nbar: a, b\\n' > aliases
      say newaliases -C "$cf" "-OAliasFile=$PWD/aliases"; dump aliases
      say praliases -f aliases foo
      """)
    for answer in ["b\tc\n", "2 aliases", "foo:root\n"] { #expect(said.contains(answer), "\(said)") }
  }

  @Test(.needs(.makemap, .sendmail, .dbDump)) func commandsWithoutProc() throws {
    let place = try Workplace("hosting")
    try place("build")
    let script = """
      mount -t tmpfs none /proc
      "$1" --version
      "$1" --mail-dir etc-mail relay add 192.0.2.7 --comment 'två ord'; echo $?
      "$1" --mail-dir etc-mail history | grep 'relay add'
      "$1" --mail-dir etc-mail access get $'\\xe9'; echo $?
      "$1" help nonsense; echo $?
      "$1" nonsense; echo $?
      env -i "$1" lookup; echo $?
      """
    let outcome = try run(
      "unshare", (CurrentUser.isRoot ? [] : ["-r"]) + ["-m", "--", "/bin/bash", "-c", script, "bash", Tools.mailcfg],
      directory: place.directory.path)
    let lines = outcome.outputText.split(separator: "\n").map(String.init)
    #expect(lines.filter { Int($0) != nil } == ["0", "65", "64", "64", "64"], "\(outcome)")
    #expect(lines.first?.split(separator: ".").count == 3)
    #expect(lines.contains { $0.contains("relay add 192.0.2.7 --comment 'två ord'") }, "\(outcome)")
    #expect(try place.text("access").contains("\nConnect:192.0.2.7  RELAY\n"))
    try place.expectMap("access.db", of: "access")
  }

  /// A rebuild goes on when nobody reads its messages any more, and its status is that of the work.
  @Test(.needs(.makemap, .newaliases, .sendmail)) func messagesThatNobodyReads() throws {
    let said = try BothPrograms().compare(
      """
      lines() { for ((i = 0; i < 1500; i++)); do echo 'dup: root'; done; echo "$1: root"; }
      rebuild() { newaliases -C "$cf" "-OAliasFile=$PWD/one,$PWD/two"; echo $? > status; }
      use() {
        rm -f status; echo 'old: root' > one; cp one two; rebuild > /dev/null
        rm -f status; lines ${2:-new} > one; cp one two; eval "$1"
        echo "$ $1: $(cat status)"; dump one; dump two
      }
      for name in new '<'; do
        use '(sleep 0.3; rebuild) | true' $name
        use '(trap "" PIPE; sleep 0.3; rebuild) | true' $name
        use 'rebuild | head -n 1 > head' $name
        use 'rebuild > /dev/full' $name
        use 'rebuild >&-' $name
        use 'rebuild > /dev/null' $name
      done
      """)
    #expect(said.contains("rebuild) | true: 0\n"), "\(said)")
  }

  /// sendmail sets the umask itself; makemap and editmap take the caller's.
  @Test(.needs(.makemap, .newaliases, .sendmail)) func theUmask() throws {
    let said = try BothPrograms().compare(
      """
      echo 'foo: root' > aliases
      for mask in 000 002 022 027 077; do
        rm -f *.db; umask $mask
        say newaliases -C "$cf" "-OAliasFile=$PWD/aliases"; stat -c %a aliases.db
        say makemap -C /dev/null hash x < /dev/null; say editmap -C /dev/null -u hash y k v; stat -c %a x.db y.db
      done
      chmod 600 aliases.db; say newaliases -C "$cf" "-OAliasFile=$PWD/aliases"; stat -c %a aliases.db
      """)
    #expect(said.contains("\n600\n"), "\(said)")
  }

  /// Files in a directory that may be searched and not read can be reached by their names.
  @Test(
    .needs(.makemap, .editmap, .newaliases, .praliases, .sendmail),
    .enabled(if: CurrentUser.isRoot, "another user is put on by root only"))
  func directoriesThatCannotBeRead() throws {
    let said = try BothPrograms().compare(
      """
      for mode in 711 311 1733 644; do
        rm -rf d; mkdir d
        for map in m own aliases; do printf 'root x\\nfoo y\\n' | makemap -C /dev/null hash d/$map; done
        sed 's,^O QueueDirectory=.*,O QueueDirectory=/,' "$cf" > d/c.cf; echo Tdaemon >> d/c.cf
        echo 'foo: root' > d/aliases
        chown daemon:daemon d/own.db d/aliases d/aliases.db; chmod 644 d/*; chmod $mode d; echo "$ mode $mode"
        setpriv --reuid=1 --regid=1 --clear-groups /bin/bash <<'EOF'
          umask 022
          say editmap -C d/c.cf -q hash d/m root
          say makemap -C d/c.cf -u hash d/m | LC_ALL=C sort
          say praliases -f d/m root; say praliases -f hash:d/m foo; say praliases -C d/c.cf
          printf 'k w\\n' | say makemap -C d/c.cf hash d/own; dump d/own
          say editmap -C d/c.cf -u hash d/own n v; dump d/own
          say editmap -C d/c.cf -x hash d/own k; dump d/own
          printf 'k w\\n' | say makemap -C d/c.cf hash d/m
          printf 'k w\\n' | say makemap -C d/c.cf hash d/new
          say newaliases -C d/c.cf "-OAliasFile=hash:$PWD/d/aliases"; dump d/aliases
      EOF
        stat -c '%n %a %u:%g' d/*; ls -A d
      done
      """)
    #expect(said.contains("-q hash d/m root\nx\n= 0\n"), "\(said)")
  }
}
