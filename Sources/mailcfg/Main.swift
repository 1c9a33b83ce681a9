internal import MailcfgCommands

@main
struct Main {
  static func main() { Mailcfg.start() }
}
