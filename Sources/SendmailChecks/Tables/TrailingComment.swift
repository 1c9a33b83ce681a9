internal import SendmailConfig

/// What was meant as a comment behind a value, or in its place: a `#` with a blank before it.
enum TrailingComment {
  /// Where it begins; nil where there is none.
  static func start(in value: ArraySlice<UInt8>) -> Int? {
    value.indices.first { index in
      value[index] == ASCII.numberSign && (index == value.startIndex || ASCII.isBlank(value[index - 1]))
    }
  }
}
