internal import Glibc

/// Makes a system call again as long as a signal interrupts it.
func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Has libdb do what reads from the beginning again as long as a signal interrupts a read of its own: it makes that again
/// itself, and returns EINTR although it succeeded.
func uninterrupted<Result>(_ body: () throws(BerkeleyDBError) -> Result) throws(BerkeleyDBError) -> Result {
  while true {
    do {
      return try body()
    } catch {
      if error.code.rawValue != EINTR { throw error }
    }
  }
}
