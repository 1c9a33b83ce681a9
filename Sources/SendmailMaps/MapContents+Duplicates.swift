internal import SendmailConfig

extension MapContents {
  /// The numbers of the pairs whose key an earlier pair has, in the order of the text.
  package var laterDuplicates: [UInt32] {
    guard !duplicates.isEmpty else { return [] }
    var earliest: [UInt32: UInt32] = [:]
    for duplicate in duplicates {
      earliest[duplicate.counted] = min(earliest[duplicate.counted] ?? duplicate.counted, duplicate.ignored)
    }
    var later: [UInt32] = []
    for (counted, first) in earliest where counted != first { later.append(counted) }
    for duplicate in duplicates where earliest[duplicate.counted] != duplicate.ignored {
      later.append(duplicate.ignored)
    }
    return later.sorted()
  }
}
