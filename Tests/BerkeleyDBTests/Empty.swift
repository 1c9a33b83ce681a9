import Testing

@testable import BerkeleyDB

@Suite struct Empty {}
