import Testing

@testable import SystemSupport

@Suite struct Empty {}
