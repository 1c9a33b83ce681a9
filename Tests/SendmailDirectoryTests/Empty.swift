import Testing

@testable import SendmailDirectory

@Suite struct Empty {}
