import Glibc
import Testing

@testable import SystemSupport

@Suite struct CurrentProcessTests {
  @Test func closedStandardDescriptorsAreOpened() async {
    await #expect(processExitsWith: .success) {
      for number: Int32 in 0...2 { close(number) }
      CurrentProcess.openStandardDescriptors()
      for number: Int32 in 0...2 where fcntl(number, F_GETFD) == -1 { exit(1) }
      // Nothing can be written to an output that nobody reads.
      if unsafe write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF { exit(2) }
    }
  }

  @Test func theEnvironmentIsRead() {
    #expect(CurrentProcess.environment("PATH")?.isEmpty == false)
    #expect(CurrentProcess.environment("MAILCFG_NO_SUCH_VARIABLE") == nil)
  }

  @Test func aFileIsNoTerminal() throws {
    let scratch = try Scratch()
    #expect(!CurrentProcess.isTerminal(try Directory(scratch.path).descriptor.number))
  }
}
