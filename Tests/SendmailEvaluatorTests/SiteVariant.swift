import TestSupport
import Testing

/// A sendmail.cf made with m4 from Debian's sources: the tests' own site, with features of sites that differ.
struct SiteVariant: CustomTestStringConvertible, Sendable {
  var name: String
  /// Lines before the mailers.
  var features: [String] = []
  /// What replaces the line that declares the access map.
  var accessMap: String?
  /// Whether the access map is missing, so that each question to it fails for now.
  var lacksAccess = false
  /// Lines behind those that m4 makes.
  var lines = ""
  /// The whole site, where it is not the tests' own with features.
  var whole: [String]?

  var testDescription: String { name }

  static let stock = SiteVariant(name: "stock")

  /// The stock rules with a member in each class that is empty otherwise, and rules in the rule sets that are a site's own.
  static let filled = SiteVariant(
    name: "stock, filled",
    lines: """
      CN m.example
      CM gen.example
      C{VirtHost}virt.example other.virt.example
      C{Canonify}old.example
      CLinfo
      C{TrustAuthMech}PLAIN
      CPfoo
      DLlocal:nobody
      SLocal_check_relay
      Rspam.example $| $*\t$#error $@ 5.7.1 $: "550 not you"
      SLocal_check_mail
      Rbad $*\t$#error $@ 5.7.1 $: "550 not from you"
      SLocal_check_rcpt
      Rroot $*\t$#error $@ 5.7.1 $: "550 not to you"
      SLocal_trust_auth
      Rbad $*\t$#error $@ 5.7.1 $: "550 not as you"
      SLocal_Relay_Auth
      RGSSAPI\t$# RELAY
      RLOGIN\tNO
      SLocal_localaddr
      Rbad $*\t$#error $@ 5.1.1 $: "550 no"
      Rroot $*\t$#ok

      """)

  /// Rules for `DATA`, and some that count.
  static let data = SiteVariant(
    name: "check_data",
    lines: """
      SLocal_check_rcpt
      R$* info $*\t$#error $@ 4.5.3 $: "450 " $&{nrcpts} " of them, and " $&{nbadrcpts}
      Scheck_data
      R1\t$@ 1
      R2\t$#error $@ 5.7.1 $: "550 " $&{nrcpts} " of them, and " $&{nbadrcpts} " for " $&{rcpt_mailer} $&{rcpt_addr}
      R3\t$#discard
      R4\t$#error $@ quarantine $: odd
      R5\t$#error $: plain
      R$*\t$#error $@ 4.5.3 $: "452 " $1

      """)

  static let all: [SiteVariant] = [
    stock, filled, data,
    SiteVariant(name: "relay_hosts_only", features: ["FEATURE(`relay_hosts_only')dnl"]),
    SiteVariant(name: "relay_entire_domain", features: ["FEATURE(`relay_entire_domain')dnl"]),
    SiteVariant(name: "relay_mail_from", features: ["FEATURE(`relay_mail_from', `domain')dnl"]),
    SiteVariant(name: "relay_local_from", features: ["FEATURE(`relay_local_from')dnl"]),
    SiteVariant(name: "delay_checks friend", features: ["FEATURE(`delay_checks', `friend')dnl"]),
    SiteVariant(name: "delay_checks hater", features: ["FEATURE(`delay_checks', `hater', `n')dnl"]),
    SiteVariant(name: "lookupdotdomain", features: ["FEATURE(`lookupdotdomain')dnl"]),
    SiteVariant(
      name: "relaytofulladdress, skip",
      accessMap: "FEATURE(`access_db', `hash -T<TMPF> @ACCESS@', `relaytofulladdress', `skip')dnl"),
    SiteVariant(
      name: "virtuser_entire_domain",
      features: [
        "VIRTUSER_DOMAIN(`virt.example')dnl", "VIRTUSER_DOMAIN(`remote.example')dnl",
        "FEATURE(`virtuser_entire_domain')dnl",
      ]),
    SiteVariant(
      name: "genericstable, domaintable, masquerading",
      features: [
        "FEATURE(`genericstable', `hash -o @GENERICSTABLE@')dnl", "GENERICS_DOMAIN(`gen.example')dnl",
        "FEATURE(`domaintable', `hash -o @DOMAINTABLE@')dnl", "MASQUERADE_AS(`masq.example')dnl",
        "MASQUERADE_DOMAIN(`local.example')dnl", "FEATURE(`masquerade_envelope')dnl",
        "FEATURE(`allmasquerade')dnl", "EXPOSED_USER(`root')dnl",
      ]),
    SiteVariant(
      name: "greet_pause, ratecontrol, conncontrol",
      features: [
        "FEATURE(`greet_pause', `20')dnl", "FEATURE(`ratecontrol')dnl", "FEATURE(`conncontrol', , `terminate')dnl",
      ]),
    SiteVariant(name: "no access map", lacksAccess: true),
    SiteVariant(
      name: "no access map, delay_checks", features: ["FEATURE(`delay_checks')dnl"], lacksAccess: true),
    SiteVariant(
      name: "no access map, delay_checks, greet_pause",
      features: ["FEATURE(`delay_checks')dnl", "FEATURE(`greet_pause', `20')dnl"], lacksAccess: true),
    SiteVariant(
      name: "nullclient",
      whole: [
        "OSTYPE(`bsd4.4')dnl", "define(`confDOMAIN_NAME', `mx.test.example')dnl",
        "define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe')dnl",
        "define(`confSERVICE_SWITCH_FILE', `@STATEDIR@/service.switch')dnl",
        "define(`confHOSTS_FILE', `@STATEDIR@/hosts')dnl", "define(`confDONT_PROBE_INTERFACES', `True')dnl",
        "define(`QUEUE_DIR', `@STATEDIR@/mqueue')dnl", "define(`STATUS_FILE', `')dnl",
        "define(`confPID_FILE', `@STATEDIR@/sendmail.pid')dnl", "define(`HELP_FILE', `@STATEDIR@/helpfile')dnl",
        "define(`confREFUSE_LA', `1000')dnl", "define(`confQUEUE_LA', `1000')dnl",
        "define(`confDELIVERY_MODE', `queueonly')dnl", "define(`ALIAS_FILE', `@ALIASES@')dnl",
        "FEATURE(`no_default_msa')dnl",
        "DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.1, Port=2525')dnl",
        "DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Addr=::1, Port=2525, Modifiers=O')dnl",
        "FEATURE(`nullclient', `hub.example')dnl",
      ]),
    SiteVariant(name: "compat_check", features: ["FEATURE(`compat_check')dnl"]),
    SiteVariant(
      name: "smart host, redirect, plus detail",
      features: [
        "define(`SMART_HOST', `esmtp:[hub.example]')dnl", "define(`MAIL_HUB', `hub.example')dnl",
        "LOCAL_USER(`root')dnl",
        "FEATURE(`redirect')dnl", "FEATURE(`preserve_local_plus_detail')dnl", "FEATURE(`always_add_domain')dnl",
        "FEATURE(`stickyhost')dnl", "define(`LUSER_RELAY', `local:nobody')dnl",
      ]),
    SiteVariant(
      name: "require_rdns, block_bad_helo, badmx, check_other",
      features: [
        "FEATURE(`require_rdns')dnl", "FEATURE(`block_bad_helo')dnl", "FEATURE(`use_client_ptr')dnl",
        "define(`confALLOW_BOGUS_HELO', `True')dnl", "FEATURE(`loose_relay_check')dnl", "FEATURE(`queuegroup')dnl",
        "FEATURE(`tls_session_features')dnl", "FEATURE(`authinfo', `hash -o @GENERICSTABLE@')dnl",
      ]),
    SiteVariant(
      name: "uucp, bitnet",
      features: [
        "define(`UUCP_RELAY', `uucp:hub.example')dnl", "define(`BITNET_RELAY', `bitnet.example')dnl",
        "define(`DECNET_RELAY', `decnet.example')dnl", "FEATURE(`nopercenthack')dnl",
        "FEATURE(`accept_unqualified_senders')dnl",
      ]),
  ]

  /// Runs m4.
  ///
  /// - Parameter paths: What stands for `@NAME@`.
  func configuration(paths: [String: String]) throws -> [UInt8] {
    let template = try readFile(Tools.configurationTemplate.replacing("oracle.cf", with: "oracle.mc"))
    var lines: [String] = []
    for line in String(decoding: template, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("MAILER(`local')") { lines += features }
      if let accessMap, line.hasPrefix("FEATURE(`access_db'") {
        lines.append(accessMap)
      } else {
        lines.append(String(line))
      }
    }
    if let whole { lines = ["divert(-1)", "divert(0)dnl"] + whole }
    var text = lines.joined(separator: "\n") + "\n"
    for (name, path) in paths { text = text.replacing("@\(name)@", with: path) }
    let directory = Tools.cfDirectory + "/"
    let outcome = try run(
      try Tools.m4, ["-D_CF_DIR_=\(directory)", directory + "m4/cf.m4", "-"], input: Array(text.utf8),
      environment: Tools.environment)
    guard outcome.status == 0 else { throw TestSupportError("m4: \(outcome.errorText)") }
    return outcome.output + Array(self.lines.utf8)
  }
}
