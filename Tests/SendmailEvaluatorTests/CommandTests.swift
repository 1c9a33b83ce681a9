import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

/// The commands of address-test mode, right and wrong ones.
@Suite("Commands, beside sendmail -bt")
struct CommandTests {
  private static let rules = #"""
    Mm3, P=[IPC], F=aDFMu, A=TCP $h, E=\r\n, L=990, M=5000, U=mail:8, T=DNS/RFC822/SMTP, r=7, S=4/5, R=6, C=utf-8
    Mm4, P=/x, A=y, U=daemon
    Mm5, P=/x, A=y, E=\t\n, L=0, T=x, U=9:10, F=a, r=0
    Mm6, P=[IPC], A=TCP $h, S=foo/bar
    Mm7, P=[FILE], A=FILE $u, F=A5:/|
    Mm8, P=[LPC], A=LPC $u, F=A, r=-3, U=9
    Mm9, P=[LPC], A=TCP $h
    Mm10, P=/x, A=y $u
    Mm11, P=/x, A=y a$ub
    O RejectNUL=true
    DXone
    D{long}two $X
    C{words}a b c
    Sfoo
    R$*	$: x $1
    Kh hash /nonexist
    SCase
    R$*	$@ upper $1
    Scase
    R$*	$@ lower $1
    Scall
    R$* a	$@ $>Case $1
    R$* b	$@ $>case $1
    R$* c	$@ $>CASE $1
    SCheck_Rcpt
    R$*	$#error $: no
    D{Long}capital
    C{Words}d
    KCase arith
    Mcased, P=/x, A=y, S=Case/case, R=CASE

    """#

  private static let commands = """
    .
    .D
    .Dx
    .Dxfoo bar
    .X
    .C
    .C{
    .D{a b}c
    $x
    $X
    $
    ${long}
    ${nosuch}
    ${
    $=
    $=e
    $=n
    $=s
    $n
    $={words}
    .Cxq
    $=x
    .C{new}q
    $={new}
    .D{fresh}value $X
    ${fresh}
    ${addr_type}
    =
    =S
    =M
    =Sfoo
    =S99
    =S999
    =Snosuch
    =S foo
    =X
    =Mx
    /tryflags
    /tryflags hs
    ${addr_type}
    /tryflags E
    /tryflags er
    /tryflags zz
    /try
    /try local
    /try nosuch
    /try nosuch a
    /try local  
    /try local a
    /parse
    /parse a
    /map
    /map h
    /map nosuch x
    /map nosuch
    /canon
    /mx
    /
    /foo
    /foo bar
    /quitx
    /PARSE a
    /Map nosuch x
    3
    3 
    3,0
     3 a
    \t3 a
    3\ta
    abc def
    3,abc a
    3,,4 a
    ,3 a
    3, a
    3,, a
    , a
    #3 a
    3 a,b
    3 ,
    3 a(b)c
    3 "a
    3 <a
    -
    -x
    -d21.0
    -d60.0
    foo a
    -d21.12
    foo a
    -d21.0,60.5
    foo a
    -d21-21.12
    foo a
    -d21
    foo a
    -d21.15
    foo a
    -d21.0
    Case x
    case x
    CASE x
    call x a
    call x b
    call x c
    check_rcpt x
    Check_Rcpt x
    Canonify x
    =SCase
    =Scase
    =SCASE
    ${Long}
    ${LONG}
    $={Words}
    $={WORDS}
    /map case x
    /try CASED x
    """

  @Test("Right and wrong commands", .needs(.sendmail))
  func commands() throws {
    let commands = Self.commands.replacing("\\t", with: "\t").split(separator: "\n").map { Array($0.utf8) }
    let text = Array((RealTestMode.frame + Self.rules).utf8)
    // The options of debugging are commands, too: they begin with none.
    let theirs = try RealTestMode().run(commands, configuration: text, debug: "")
    let accounts = String(decoding: try readFile("/etc/passwd"), as: UTF8.self).split(separator: "\n")
    let lookups = Lookups(account: { name in
      accounts.first { $0.hasPrefix("\(name):") }.map { .found(ByteString(String($0)), line: nil) } ?? .notFound
    })
    let configuration = Configuration(text, host: RealTestMode.host)
    var mode = TestMode(configuration, EvaluationContext(lookups: lookups))
    // Members of a class come in no order.
    let answers = zip(commands, theirs.dropFirst()).map { command, answer in
      command.starts(with: "$=".utf8) ? Self.sorted(answer) : Self.comparable(answer)
    }
    Difference.report(commands, theirs: answers) { command in
      let answer = mode.run(ByteString(command))?.bytes ?? []
      return command.starts(with: "$=".utf8) ? Self.sorted(answer) : Self.comparable(answer)
    }
  }

  /// The output without the numbers of lines that are shown only where that was asked for at the start.
  private static func comparable(_ output: [UInt8]) -> [UInt8] {
    Array(ByteString(output).description.replacing(#/trying rule \(line \d+\)/#, with: "trying rule").utf8)
  }

  private static func sorted(_ output: [UInt8]) -> [UInt8] {
    Array(ByteString(output).description.split(separator: "\n").sorted().joined(separator: "\n").utf8)
  }

  @Test("Addresses that are too long, or have bytes that none may have", .needs(.sendmail))
  func addresses() throws {
    let (control, meta) = ("\u{01}", [UInt8(0x81)])
    var commands: [[UInt8]] = []
    for command in ["foo ", "/parse ", "/try local "] {
      let head = Array(command.utf8)
      for count in [254, 255, 256, 300] {
        commands.append(head + Array(repeating: "abcd ", count: 60).joined().utf8.prefix(count - 1) + [0x78])
      }
      commands += ["abcde\(control)f", "a\u{7F}b", "a\u{0B}b"].map { head + Array($0.utf8) }
      if command != "/try local " { commands += [head + meta, head + Array("ab".utf8) + meta + Array("c".utf8)] }
    }
    let text = Array((RealTestMode.frame + Self.rules).utf8)
    let theirs = try RealTestMode().run(commands, configuration: text, debug: "")
    var mode = TestMode(Configuration(text, host: RealTestMode.host))
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("Every byte that can be typed, in every command", .needs(.sendmail))
  func bytes() throws {
    let rules = #"""
      Sfoo
      R$*	$: $(dequote "$1" $) $| $(none $1 $@ x $: y $1 $) $&{Yy}

      """#
    let text = Array((RealTestMode.frame + rules).utf8)
    var commands = [Array(".D{Yy}|".utf8) + [0xA1, 0xE9] + Array("|".utf8)]
    // White space is trimmed in ways of its own; 0x80 to 0x9F and 0xFF have meanings inside sendmail.
    for byte in Array(1...8) + Array(14...31) + [0x7F] + Array(0xA0...0xFE) {
      commands += [
        "foo a%b", "foo \"a%b\"", "/parse s%t", "/try local u%v", "/map dequote x%y", "/map x% y", "/canon w%",
        ".D{Zz}k%", "${Zz}", "=S%", "/x%", "-x%", ".%", "% foo", "/try z% z",
      ].map { Array($0.utf8).flatMap { $0 == UInt8(ascii: "%") ? [UInt8(byte)] : [$0] } }
    }
    let theirs = try RealTestMode().run(commands, configuration: text, debug: "60.5,21.12")
    var mode = TestMode(Configuration(text, host: RealTestMode.host))
    _ = mode.run("-d60.5,21.12")
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("What is ours: help, the end, what is not asked")
  func own() {
    var mode = TestMode(Configuration(Array(RealTestMode.frame.utf8)))
    #expect(mode.run("?")?.description.contains("/map MAP KEY") == true)
    #expect(mode.run("? map") == mode.run("?"))
    #expect(mode.run("/quit") == nil)
    #expect(mode.run("/QUIT") == nil)
    #expect(mode.run("/mx a.example") == "getmxrr(a.example): not evaluated\n")
    #expect(mode.run("") == "")
  }
}
