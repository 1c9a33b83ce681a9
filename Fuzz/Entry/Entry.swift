internal import FuzzTargets
internal import Glibc

/// The target that the environment variable MAILCFG_FUZZ_TARGET names.
private let target: FuzzTarget = {
  let name = unsafe getenv("MAILCFG_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    print("MAILCFG_FUZZ_TARGET is none of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    exit(64)
  }
  return target
}()

/// Standard error as it was before libFuzzer closed it to what is tried.
private let terminal = dup(STDERR_FILENO)

/// What libFuzzer calls first.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  guard unsafe getenv("MAILCFG_FUZZ_LIST") == nil else {
    for target in FuzzTarget.all { print(target.name, target.longest, target.dictionary ?? "-") }
    fflush(nil)
    exit(0)
  }
  _ = (target.name, terminal)
  return 0
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
  do throws(FuzzFailure) {
    try target.run(bytes)
  } catch {
    let message = Array("mailcfg fuzz: \(target.name): \(error)\n".utf8)
    _ = unsafe message.withUnsafeBytes { unsafe write(terminal, $0.baseAddress, $0.count) }
    abort()
  }
  return 0
}
