internal import SendmailMaps
internal import SystemSupport

extension MailDirectory {
  /// Builds maps again that hold nothing any more since they were put into place.
  ///
  /// A makemap or newaliases of sendmail's that looked at the old map before the exchange, and could not be kept from opening the new
  /// one, empties that and ends with the error that it is another file.
  func buildEmptied(_ change: inout MailChange, _ options: Options) {
    for map in change.maps where map.isRebuilt && map.entries > 0 {
      // The change is made: what cannot be seen to now is no failure of it.
      guard isEmptied(map),
        (try? transactOnce([map.table], options, rebuild: .whenDifferent) { _ in }) != nil
      else { continue }
      change.notices.append("\(map.path): another program has emptied it meanwhile; it was built again")
    }
  }

  /// Whether a map holds nothing; who writes to it now is waited for, as long as its lock is.
  private func isEmptied(_ map: MailChange.MapChange) -> Bool {
    guard let file = try? FileLocation(map.path).open(), (try? file.waitForFlock(shared: true, wait: 1)) != nil else {
      return false
    }
    defer { withExtendedLifetime(file) {} }
    if (try? file.status())?.size == 0 { return true }
    var isEmpty = true
    guard let location = try? locations.location(of: map.table).map, let reader = try? location.open(verifies: false),
      (try? reader.forEachPair { _, _ in
        isEmpty = false
        return false
      }) != nil
    else { return false }
    return isEmpty
  }
}
