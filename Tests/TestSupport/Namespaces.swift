internal import Glibc

/// Namespaces in which a sendmail sees only loopback, names from files, and a host name of its own.
///
/// Without them it asks name servers about itself and every client, and waits a minute at the start for a qualified name.
/// root makes them as they are; anybody else, where the kernel allows it, in a user namespace, with the own user id again in
/// a further one: as a root without other users sendmail would not run.
enum Namespaces {
  /// Whether this process may make them.
  static let areAllowed: Bool = {
    let options = (geteuid() == 0 ? [] : ["-r"]) + ["-n", "-m", "-u", "true"]
    return (try? run("unshare", options))?.status == 0
  }()

  /// The user that sendmail must be told to trust with a rebuild of the aliases, or nil for root.
  static let trustedUser: String? = {
    guard geteuid() != 0, let entry = unsafe getpwuid(geteuid()) else { return nil }
    return unsafe String(cString: entry.pointee.pw_name)
  }()

  /// `LD_LIBRARY_PATH` goes by another name until the programs of the machine are through with their part.
  static let environment = [
    "TEST_LIBRARIES": Tools.environment["LD_LIBRARY_PATH"] ?? "", "LC_ALL": "C", "TZ": "UTC",
  ]

  private static let setUp = """
    set -e
    state=$1 tools=$2 addresses=$3 user=$4 group=$5
    shift 5
    mount --make-rprivate /
    mount --bind "$state/hosts" /etc/hosts
    [ ! -e /etc/nsswitch.conf ] || mount --bind "$state/nsswitch.conf" /etc/nsswitch.conf
    [ ! -e "$state/passwd" ] || mount --bind "$state/passwd" /etc/passwd
    hostname mx.test.example
    (
      PATH=$PATH:/usr/sbin:/sbin
      if ! command -v ip >/dev/null; then
        PATH=$PATH:$tools/bin:$tools/sbin:$tools/usr/sbin
        export LD_LIBRARY_PATH="$TEST_LIBRARIES"
      fi
      ip link set lo up
      for address in $addresses; do ip address add "$address" dev lo nodad; done
    )
    if [ "$user" = 0 ]; then
      LD_LIBRARY_PATH=$TEST_LIBRARIES exec "$@"
    else
      exec unshare -U --map-user="$user" --map-group="$group" -- env LD_LIBRARY_PATH="$TEST_LIBRARIES" "$@"
    fi
    """

  /// The command that runs another one in namespaces of its own.
  static func command(_ command: [String], state: String, addresses: [String] = []) -> [String] {
    ["unshare"] + (geteuid() == 0 ? [] : ["-r"]) + ["-n", "-m", "-u", "--", "/bin/sh", "-c", setUp, "sh"]
      + [state, Tools.root, addresses.joined(separator: " "), "\(geteuid())", "\(getegid())"] + command
  }
}
