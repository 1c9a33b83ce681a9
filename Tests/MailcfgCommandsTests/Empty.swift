import Testing

@testable import MailcfgCommands

@Suite struct Empty {}
