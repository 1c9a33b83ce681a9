import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

@Suite("Lines of sendmail.cf, beside sendmail -bt")
struct ReaderTests {
  /// What depends on the build, on files, or on names that were abbreviated.
  private static let unsaid = [
    "vendor code", "unknown queue", "QueueDir must be", "used as abbreviation", "No such file or directory",
  ]

  /// What sendmail says about lines, each with its line number.
  static func complaints(_ output: [UInt8]) -> [String] {
    // Bytes lose their eighth bit here; what is left of those for "$" and "$=" is a control character.
    let text = String(decoding: output, as: UTF8.self).replacing("\u{01}", with: "$").replacing("\u{13}", with: "$=")
      .replacing("\t", with: #"\t"#)
    return text.split(separator: "\n").compactMap { line in
      guard let place = line.firstRange(of: ".cf: line ") else { return nil }
      return ByteString(String(line[place.upperBound...])).escaped
    }.filter { line in !unsaid.contains { line.contains($0) } }
  }

  @Test("Bad lines get sendmail's own messages", .needs(.sendmail))
  func messages() throws {
    let text = Array((RealTestMode.frame + Self.lines).utf8)
    let theirs = Self.complaints(try RealTestMode().run([], configuration: text, debug: "")[0])
    let configuration = Configuration(text, host: RealTestMode.host) { source in
      source.path == "/nonexist" ? .missing(reason: "No such file or directory") : .text([])
    }
    let ours = configuration.diagnostics.filter { !$0.message.contains("No such file") && $0.severity == .error }
      .flatMap {
        "\($0.line): \($0.message)".split(separator: "\n").prefix(1).map(String.init)
      }
    for line in Set(theirs).symmetricDifference(ours).sorted() {
      Issue.record("\(theirs.contains(line) ? "sendmail" : "here"): \(line)")
    }
  }

  private static let lines = #"""
    Sq
    R
    R$*
    R$*\#t
    R\#t$: x
    R$*\#t\#t
    R$1\#t$: x
    R$:\#t$: x
    R$>q\#tx
    R$?X y $. $.\#tx
    R$|\#tx
    R$[ a\#tx
    R$] a\#tx
    R$( a\#tx
    R$)\#tx
    R$*\#t$+
    R$*\#t$*
    R$*\#t$=w
    R$*\#t$.
    R$*\#t$?X a
    R$*\#t$1 $2
    R$*\#t$0
    R$*$*$*$*$*$*$*$*$*$*\#tx
    R$*\#t$(d $1 $@ 1 $@ 2 $@ 3 $@ 4 $@ 5 $@ 6 $@ 7 $@ 8 $@ 9 $@ 10 $)
    R$*\#t$( $)
    R$*\#t$)
    R$*\#t$[ $)
    R$= $*\#tx
    R$~\#tx
    R$={} x\#ty
    R$={a b} x\#ty
    R${\#tx
    R$&\#tx
    R$\#tx
    R$*\#t$
    R$*\#t"x
    R"$*"\#tx
    R<\#tx
    R$*\#t>
    R>\#tx
    R(\#tx
    Sq r
    S
    S5x
    S200
    S=5
    Sfoo=
    Sfoo=7
    Sfoo=8
    Sbar=7
    Sb-ad
    S$X
    S${undef}
    S-1
    S99
    S100
    Ztest
    Gtest
    Ntest
    K
    Kfoo
    Kfoo bar
    K foo hash
    K-foo hash /x
    Kfoo. hash
    Kd.e dequote
    Khh hash -x /tmp/none
    Kss sequence a b
    Kss sequence d nonex
    Kzz arith -z
    C
    C{
    C{x
    Cx$
    Cx$=
    Cx$=w $X
    Cx$={cc} $=Q
    F
    Fx
    Fx/nonexist
    Fx-o /nonexist
    Fx|echo a
    Fx-o
    Fz/etc/hostname %[
    D
    D{
    DA
    D{ab
    D{a b}c
    D{}x
    V
    V9
    Vx
    V10/Foo
    V99/Berkeley
    M
    Mfoo
    Mfoo,
    Mfoo P=/x
    Mfoo, P=/x
    Mfoo, A=/x
    Mfoo, P=/x, A=a b, S=nonexist, R=10/20, Z=3
    Mfoo2, P=[IPC], A=TCP $h, S=999
    Mfoo3, P=[IPC], A=IPC $h
    Mfoo4, P=[TCP], A=TCP
    Mfoo5, P=x, A=x, F=abc, E=\r\n\t, L=100, M=5, U=root, D=/, N=-1, Q=qq, T=a/b/c, /=/root, W=5, m=3, C=utf-8, y=z
    Mfoo5, P=y, A=y
    H
    Hx
    HX: 
    HX: $>q
    H?Q?X: y
    H?${undef}?X: $&{foo}
    HX: $>+nosuchset
    H*: $>CheckH
    O
    Ofoo
    O foo=1
    O Oper=1
    O OperatorChars=.
    P
    Pfoo
    Pfoo=3
    Pfoo=x
    Qfoo
    Qfoo, P=/tmp, F=f, N=1
    Qfoo, Z=1
    Xfoo
    Xfoo, S=inet:1@localhost
    T
    Troot x
    E
    EFOO
    EFOO=bar

    """#

  @Test(
    "The name that the host goes by is in class w", .needs(.sendmail), arguments: ["jj.set.example", "$w.dom.example"])
  func ownName(name: String) throws {
    let text = Array((RealTestMode.frame + "Dj\(name)\nSn\nR$=w\t$@ yes\nR$*\t$@ no\n").utf8)
    let commands = ["jj.set.example", "mx.dom.example", "mx.test.example", "mx", "set.example"].map {
      Array("n \($0)".utf8)
    }
    let theirs = try RealTestMode().run(commands, configuration: text, debug: "")
    var mode = TestMode(Configuration(text, host: RealTestMode.host), rules: 0, maps: 0)
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }
}
