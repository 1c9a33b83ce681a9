import TestSupport
import Testing

/// newaliases for others than root, ours and sendmail's: members of class t, and those whose rights root goes on with.
@Suite(.enabled(if: CurrentUser.isRoot, "another user is put on by root only"))
struct NewaliasesUserTests {
  /// A sendmail.cf of a script that lets `daemon` rebuild aliases and enter the queue directory, and a function that calls as he
  /// does.
  private static let user = """
    { sed "s#^O QueueDirectory=.*#O QueueDirectory=$PWD#" $cf; echo Tdaemon; } > user.cf
    printf 'foo: root\\nbar: a, b\\n' > text
    asuser() { setpriv --reuid=1 --regid=1 --clear-groups "$@"; }
    show() { stat -c '%n %F %a %U:%G' "$@" 2>&1; }

    """

  @Test(.needs(.newaliases, .sendmail)) func aUserOfClassT() throws {
    let said = try BothPrograms().compare(
      Self.user + """
        for mode in 777 775 755 700; do
          for owner in root daemon; do
            for source in "cp text d/aliases" "cp text d/aliases; ln d/aliases d/other" "cp text d/other; ln -s other d/aliases" \\
              "cp text d/aliases; chmod 666 d/aliases" "cp text d/aliases; chmod 600 d/aliases" \\
              "cp text d/aliases; : > d/aliases.db; chmod 666 d/aliases.db" "cp text d/aliases; : > d/aliases.db" \\
              "cp text d/aliases; ln -s ../map d/aliases.db; : > map; chmod 666 map"; do
              echo "== $mode $owner $source"
              rm -rf d; mkdir d; eval "$source"; chown $owner d; chmod $mode d
              say asuser newaliases -C user.cf -OAliasFile=$PWD/d/aliases; show d/aliases.db
              say asuser newaliases -C user.cf -OAliasFile=hash:$PWD/d/aliases -ODontBlameSendmail=MapInUnsafeDirPath
            done
          done
        done
        """)
    for words in ["Permission denied", "Symbolic links not allowed", "Hard links not allowed", "Group writable file"] {
      #expect(said.contains(words), "\(words)")
    }
  }

  @Test(.needs(.newaliases, .sendmail)) func classFilesAndMapsOfAUser() throws {
    try BothPrograms().compare(
      Self.user + """
        mkdir -m 777 d; cp text d/aliases; echo 'foo@local.example: x' >> d/aliases
        sed -i "s#^Fw.*#Fw$PWD/c/names#" user.cf
        for mode in 777 755 700; do
          for owner in root daemon; do
            for source in : "chmod 600 c/names" "ln c/names c/other" "mv c/names c/other; ln -s other c/names"; do
              echo "== $mode $owner $source"
              rm -rf c; mkdir c; echo local.example > c/names; eval "$source"; chown $owner c; chmod $mode c
              for who in "" asuser; do
                rm -f d/aliases.db; say $who newaliases -C user.cf -OAliasFile=$PWD/d/aliases -ODontBlameSendmail=MapInUnsafeDirPath
              done
              say newaliases -C user.cf -OAliasFile=$PWD/d/aliases -ODontBlameSendmail=MapInUnsafeDirPath,ClassFileInUnsafeDirPath
            done
          done
        done
        """)
  }

  /// A map that sendmail would not open finds nothing for the rules that ask it.
  @Test(.needs(.newaliases, .sendmail, .makemap)) func mapsThatTheRulesAsk() throws {
    let said = try BothPrograms().compare(
      Self.user + """
        echo local.example > names; printf 'foo@local.example error:nouser no\n' | makemap -C /dev/null hash virtual
        printf 'foo@local.example: x\nbar: y\n' > text; mkdir -m 777 d; cp text d
        for flags in '' '-o '; do
          sed -i "s#^Fw.*#Fw$PWD/names#; s#^Kvirtuser hash.*#Kvirtuser hash $flags$PWD/c/virtual#" user.cf
          for mode in 777 755; do
            for source in : "chmod 644 c/virtual.db" "chown daemon c/virtual.db" "ln c/virtual.db c/other" \
              "mv c/virtual.db c/other; ln -s other c/virtual.db" "rm c/virtual.db"; do
              echo "== $flags$mode $source"
              rm -rf c; mkdir c; cp virtual.db c; eval "$source"; chmod $mode c
              say newaliases -C user.cf -OAliasFile=$PWD/text
              rm -f d/text.db; say asuser newaliases -C user.cf -OAliasFile=$PWD/d/text
            done
          done
        done
        """)
    for words in ["unsafe map file", "missing map file"] { #expect(said.contains(words), "\(words)") }
  }

  /// Who may not write to an aliases file reads it without a lock, and says so where somebody else may.
  @Test(.needs(.newaliases, .sendmail)) func textsThatCannotBeLocked() throws {
    let said = try BothPrograms().compare(
      Self.user + """
        mkdir d; mkdir -m 777 w; : > d/aliases.db; chmod 666 d/aliases.db
        for mode in 644 444 600 240 464 446 000; do
          for owner in root daemon root:daemon; do
            cp text d/aliases; chown $owner d/aliases; chmod $mode d/aliases; cp -p d/aliases w; rm -f w/aliases.db
            for directory in d w; do
              for who in "" asuser; do
                say $who newaliases -C user.cf -OAliasFile=$PWD/$directory/aliases \\
                  -ODontBlameSendmail=GroupWritableAliasFile,WorldWritableAliasFile,MapInUnsafeDirPath
              done
            done
          done
        done
        cp text d/aliases; chown root d/aliases; chmod 644 d/aliases
        exec 9< d/aliases; flock -x 9
        for who in "" asuser; do say $who newaliases -C user.cf -OAliasFile=$PWD/d/aliases; done
        exec 9<&-
        """)
    #expect(said.contains("warning: cannot lock") && said.contains("is locked"))
  }

  @Test(.needs(.newaliases, .sendmail)) func runAsUser() throws {
    let said = try BothPrograms().compare(
      Self.user + """
        mkdir -m 777 d; cp text d; mkdir queue
        go() { rm -f d/text.db; say newaliases "$@" -OQueueDirectory=$PWD/queue -ODontBlameSendmail=MapInUnsafeDirPath; show d/text.db; }
        for value in daemon daemon: daemon:mail daemon.mail mail/daemon 1 1:8 1x 99999:7 :8 nosuch daemon:nosuch nosuch:mail \\
          1:x 0 0:8 root root:mail '' ' daemon' 'daemon ' 'daemon: mail' a.b daemon:mail:x daemon:4294967295; do
          { cat user.cf; echo "O RunAsUser=$value"; } > run.cf
          go -C run.cf -OAliasFile=$PWD/d/text
          go -C user.cf "-ORunAsUser=$value" -OAliasFile=hash:$PWD/d/text
        done
        { cat user.cf; echo "O RunAsUser=mail"; } > run.cf
        go -C run.cf -ORunAsUser=daemon -OAliasFile=$PWD/d/text; go -ORunAsUser=daemon -C run.cf -OAliasFile=$PWD/d/text
        go -C run.cf -ORunAsUser=0 -OAliasFile=$PWD/d/text; go -C run.cf -OTrustedUser=mail -OAliasFile=$PWD/d/text
        say asuser newaliases -C run.cf -OAliasFile=$PWD/d/text -OQueueDirectory=$PWD/queue; show d/text.db
        chmod 600 d/text; go -C run.cf -OAliasFile=$PWD/d/text; chown mail d/text; go -C run.cf -OAliasFile=$PWD/d/text
        mkdir shut; chmod 700 shut; cp text shut/aliases; go -C run.cf -OAliasFile=$PWD/shut/aliases
        chmod 700 queue
        say newaliases -C run.cf -OAliasFile=$PWD/d/text -OQueueDirectory=$PWD/queue --sendmail-exact
        say asuser newaliases -C user.cf -OAliasFile=$PWD/d/text -OQueueDirectory=$PWD/queue --sendmail-exact
        say newaliases -C user.cf -OAliasFile=$PWD/d/text -OQueueDirectory= --sendmail-exact
        """)
    for words in ["daemon:mail", "mail:daemon", "unknown user nosuch", "unknown group nosuch", "setgroups(1, -1)"] {
      #expect(said.contains(words), "\(words)")
    }
  }

  @Test(.needs(.newaliases, .sendmail)) func disksAndFilesThatCannotBeWritten() throws {
    let said = try BothPrograms().compare(
      Self.user + """
        go() { for form in '' hash: 'btree:-o '; do say newaliases -C user.cf "-OAliasFile=$form$1"; done; }
        mkdir disk; mount -t tmpfs disk disk; cp text disk/aliases
        mount -o remount,ro disk; go $PWD/disk/aliases
        mount -o remount,rw disk; : > disk/aliases.db; mount -o remount,ro disk; go $PWD/disk/aliases
        umount disk
        # Where the file system has no such flag, both build the map.
        for file in d/aliases d/aliases.db d; do
          mkdir d; cp text d/aliases; [ $file = d ] || : > d/aliases.db
          chattr +i $file 2> /dev/null; go $PWD/d/aliases; chattr -i $file 2> /dev/null; rm -r d
        done
        """)
    #expect(said.contains("cannot pre-open database") && said.contains("warning: cannot lock"))
  }

  /// A directory that only its owner may enter, as the modes say, is closed to root too.
  @Test(.needs(.newaliases, .sendmail)) func directoriesOfOthers() throws {
    try BothPrograms().compare(
      Self.user + """
        for mode in 700 711 750 755; do
          for owner in root daemon root:daemon; do
            rm -rf d; mkdir d; cp text d/aliases; : > d/aliases.db; chown $owner d; chmod $mode d
            for form in '' hash: 'hash:-o '; do say newaliases -C user.cf "-OAliasFile=$form$PWD/d/aliases"; done
          done
        done
        """)
  }

  @Test(.needs(.newaliases, .sendmail)) func operatorCharacters() throws {
    try BothPrograms().compare(
      Self.user + """
        printf 'a.b: c\\na+b: c\\na!b: d\\n' >> text
        for value in '.' '' '.:%@!^/[]+' '@!%' '+'; do
          say newaliases -C user.cf -OAliasFile=$PWD/text "-OOperatorChars=$value"
          say newaliases -C user.cf -OAliasFile=$PWD/text "-OOperatorChars=$value" "-OOperatorChars=.:%@!^/[]+"
          { echo "O OperatorChars=$value"; cat user.cf; } > more.cf
          say newaliases -C more.cf -OAliasFile=$PWD/text
        done
        newaliases -C more.cf -OAliasFile=$PWD/text 2> errors > output; head -n 2 output; cat errors
        """)
  }
}
