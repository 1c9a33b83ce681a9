import Testing

@testable import SendmailConfig

@Suite struct Empty {}
