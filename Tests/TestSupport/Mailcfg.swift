/// Runs the `mailcfg` that was built with these tests, as a user runs it.
///
/// The `directory` is the working directory, and options that a user's environment might set are not seen.
package func mailcfg(
  _ arguments: [String], input: [UInt8] = [], directory: String? = nil, environment: [String: String] = [:]
) throws(TestSupportError) -> Outcome {
  let neutral = [
    "MAILCFG_MAIL_DIR": "", "NO_COLOR": "1", "LC_ALL": "C", "TZ": "UTC", "COLUMNS": "", "CLICOLOR_FORCE": "",
  ]
  return try run(
    Tools.mailcfg, arguments, input: input, environment: neutral.merging(environment) { $1 }, directory: directory)
}
