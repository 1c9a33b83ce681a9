/// How much the tests of the promises do: a part with every run, all of it where `MAILCFG_PROOF=full` asks for it
/// (`scripts/prove` does).
public enum Proof {
  /// Whether everything is to be done.
  public static let isFull = Tools.environmentValue("MAILCFG_PROOF") == "full"

  /// The program that is tried: the release build where there is one.
  public static let mailcfg = Tools.environmentValue("MAILCFG_RELEASE_BINARY") ?? Tools.mailcfg

  /// Every so many cases of a walk are tried in a part.
  public static func step(_ part: Int) -> Int { isFull ? 1 : part }

  /// Says what was done, in a full run.
  public static func report(_ line: String) {
    if isFull { print("proof: \(line)") }
  }
}
