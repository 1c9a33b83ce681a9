import Testing

@testable import SendmailMaps

@Suite struct Empty {}
