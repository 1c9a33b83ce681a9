internal import CBerkeleyDB

extension Database {
  /// Has libdb make its system calls by way of ours, once for the process.
  static let usesOwnCalls: Void = CBerkeleyDB_set_calls()

  /// Runs `body` without waiting for the disk in it: neither `close()` nor `sync()` of a database does, on this thread.
  ///
  /// For new files that are synced by their path or descriptor before they are put to use.
  public static func withoutSyncing<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    CBerkeleyDB_set_syncs_off(1)
    defer { CBerkeleyDB_set_syncs_off(0) }
    return try body()
  }
}
