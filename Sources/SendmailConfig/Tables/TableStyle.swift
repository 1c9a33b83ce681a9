/// The habits of a table's lines: what stands between key and value, and the line end.
///
/// Taken from the entries around the place of a new line, so that a column stays a column and tabs stay tabs.
struct LineStyle {
  /// An entry to learn from: the key's width in columns and the bytes behind it.
  struct Sample {
    var keyWidth: Int
    var separator: ArraySlice<UInt8>
  }

  private let samples: [Sample]
  private let fallback: [UInt8]

  /// - Parameters:
  ///   - samples: The neighbours, the nearest first.
  ///   - fallback: The separator of a text that has no entry yet.
  init(samples: [Sample], fallback: [UInt8]) {
    self.samples = samples
    self.fallback = fallback
  }

  /// The bytes to put behind a key of that many columns.
  func separator(keyWidth: Int) -> [UInt8] {
    guard let nearest = samples.first else { return fallback }
    let columns = samples.map { LineStyle.column(after: $0.separator, from: $0.keyWidth) }
    let isColumn = samples.count > 1 && columns.allSatisfy { $0 == columns[0] }
    let single = nearest.separator.count <= 1 && samples.allSatisfy { $0.separator.elementsEqual(nearest.separator) }
    // A separator that is no blank is repeated, never padded.
    guard isColumn, !single, keyWidth < columns[0], nearest.separator.allSatisfy(ASCII.isBlank) else {
      return Array(nearest.separator)
    }
    guard nearest.separator.contains(ASCII.tab) else {
      return [UInt8](repeating: ASCII.space, count: columns[0] - keyWidth)
    }
    var result: [UInt8] = []
    var column = keyWidth
    while column < columns[0] {
      let next = (column / 8 + 1) * 8
      guard next <= columns[0] else {
        return result + [UInt8](repeating: ASCII.space, count: columns[0] - column)
      }
      result.append(ASCII.tab)
      column = next
    }
    return result
  }

  /// The column behind some blanks, with tab stops every 8 columns.
  private static func column(after blanks: ArraySlice<UInt8>, from start: Int) -> Int {
    blanks.reduce(start) { column, byte in byte == ASCII.tab ? (column / 8 + 1) * 8 : column + 1 }
  }
}

extension Table {
  /// The style of the entries around a 0-based line, those above it first.
  func style(near index: Int) -> LineStyle {
    let reach = 200
    let above = stride(from: min(index, text.lineCount) - 1, through: max(0, index - reach), by: -1)
    let below = stride(from: index, to: min(text.lineCount, index + reach), by: 1)
    var samples: [LineStyle.Sample] = []
    for line in Array(above) + Array(below) {
      // An entry that ends with its key, where values may be empty, says nothing about separators.
      guard samples.count < 8, case .entry(let fields) = classify(line),
        fields.key.upperBound < fields.value.lowerBound
      else { continue }
      samples.append(
        LineStyle.Sample(
          keyWidth: fields.key.count, separator: text.buffer[fields.key.upperBound..<fields.value.lowerBound]))
    }
    return LineStyle(samples: samples, fallback: [grammar.separator ?? ASCII.tab])
  }
}
