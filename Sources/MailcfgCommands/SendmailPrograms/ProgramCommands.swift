internal import ArgumentParser

// What `mailcfg help` says of sendmail's programs. They run before the parser sees the command line: see
// ``SendmailProgram``. Only where an option of mailcfg stands before the name does the call come here.

/// A program of sendmail's as a command of mailcfg.
protocol ProgramCommand: ParsableCommand {
  var arguments: [String] { get }
}

extension ProgramCommand {
  func run() throws {
    let name = Self.configuration.commandName ?? ""
    throw ValidationError("\(name) takes its own options only: mailcfg \(name) …")
  }
}

/// `mailcfg makemap`.
struct MakemapCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "makemap", abstract: "sendmail's makemap: builds a map from standard input.",
    discussion: """
      The options, messages and exit codes are those of makemap(8). The old map is replaced in one step once the new one is \
      complete and on the disk.

      OPTIONS OF makemap
        -C FILE  the sendmail.cf (TrustedUser; types cf, CF)    -N  a NUL behind key and value
        -D C     the comment character, # where not given       -d  a key may stand several times
        -t C     the separator, white space where not given     -e  a value may be empty
        -i TYPE  for cf, CF: where none is found                -f  keep the case of keys
        -l -L -x list the types                                 -o  add to the map that is there
        -r       a later line counts, not the first             -s  links are taken
        -u       print the map                                  -v  print what is stored
        -c SIZE  is taken, and does nothing
        --sendmail-exact  read the tail of a line of more than 1022 bytes as another line

      EXAMPLES
        mailcfg makemap hash /etc/mail/access < /etc/mail/access
        echo '203.0.113.25 RELAY' | mailcfg makemap -o hash /etc/mail/access
        mailcfg makemap -u hash /etc/mail/access
        ln -s /usr/local/sbin/mailcfg /usr/local/sbin/makemap
      """)

  @Argument(parsing: .captureForPassthrough, help: "As for makemap(8).") var arguments: [String] = []
}

/// `mailcfg editmap`.
struct EditmapCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "editmap", abstract: "sendmail's editmap: looks up, sets or removes one key of a map.",
    discussion: """
      The options, messages and exit codes are those of editmap(8). A map that is changed is replaced in one step.

      OPTIONS OF editmap
        -q  print the value of a key       -C FILE  the sendmail.cf (TrustedUser)
        -u  set the value of a key         -f  keep the case of the key
        -x  remove a key                   -N  a NUL behind key and value

      EXAMPLES
        mailcfg editmap -q hash /etc/mail/access connect:203.0.113.25
        mailcfg editmap -u hash /etc/mail/access connect:203.0.113.25 RELAY
        mailcfg editmap -x hash /etc/mail/access connect:203.0.113.25
      """)

  @Argument(parsing: .captureForPassthrough, help: "As for editmap(8).") var arguments: [String] = []
}

/// `mailcfg newaliases`.
struct NewaliasesCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "newaliases", abstract: "sendmail's newaliases: builds the maps of the aliases files.",
    discussion: "EXAMPLES\n  mailcfg newaliases")

  @Argument(parsing: .captureForPassthrough, help: "As for newaliases(1).") var arguments: [String] = []
}

/// `mailcfg praliases`.
struct PraliasesCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "praliases", abstract: "sendmail's praliases: prints the aliases of a built map.",
    discussion: "EXAMPLES\n  mailcfg praliases root")

  @Argument(parsing: .captureForPassthrough, help: "As for praliases(8).") var arguments: [String] = []
}
