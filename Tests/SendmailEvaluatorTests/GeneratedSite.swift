import SendmailConfig
import TestSupport

@testable import SendmailEvaluator

/// Tables and commands made at random for a site.
struct GeneratedSite {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private static let domains = [
    "local.example", "mx.test.example", "test.example", "sub.local.example", "relay.example", "x.relay.example",
    "spam.example", "a.b.spam.example", "remote.example", "x.remote.example", "virt.example", "sub.virt.example",
    "gen.example", "old.example", "m.example", "a.m.example", "example", "localhost", "[192.168.5.7]", "[127.0.0.1]",
    "[IPv6:2001:db8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]", "localhost.test.example", "localhost.UUCP", "foo",
    "LOCAL.Example", "foo.UUCP",
  ]
  private static let users = [
    "joe", "info", "info+detail", "u+", "+d", "u++", "u+*", "root", "Root", "a.b", "\"q r\"", "\"joe\"", "postmaster",
    "x%relay.example", "h!u", "\"a@b\"", "\"x\\\"y\"", "u/v", "u:v", "bad",
  ]
  private static let addresses = [
    "192.168.5.7", "192.168.5.77", "10.1.2.3", "127.0.0.1", "127.0.0.2", "0", "203.0.113.9",
    "IPv6:2001:db8:0:0:0:0:0:1", "IPv6:0:0:0:0:0:0:0:1",
  ]

  /// Those of clients: none where sendmail was called here, and one of this host's own.
  private static let clients = addresses + ["", "IPv6:::1", "192.168.5.1"]

  /// Names of the class w in its file.
  static let hostNames = "local.example\nvirt.example\n[192.168.5.1]\n"

  mutating func access() -> [(String, String)] {
    var entries: [(String, String)] = []
    let values = [
      "OK", "RELAY", "RELAY", "REJECT", "DISCARD", "SKIP", "QUARANTINE:why", "ERROR:5.7.1:\"550 go away\"",
      "ERROR:4.2.2:452 x", "550 no", "ERROR:550 nope", "FRIEND", "HATER", "421 bye", "reject", "whatever", "10", "0",
      "3",
      "VERIFY", "PERM+VERIFY:112", "ENCR:40", "TEMP+ENCR:40+CN:foo", "%0 %1 %%", "SUBJECT", "a,b (c) <d>", "$x",
    ]
    let tags = [
      "", "", "From:", "To:", "Connect:", "Spam:", "GreetPause:", "ClientRate:", "ClientConn:", "TLS_Clt:",
      "Srv_Features:",
      "Compat:", "TLS_Srv:", "Try_TLS:", "qgrp:", "TLS_Rcpt:",
    ]
    for _ in 0..<(10 + random.below(60)) {
      var key: String
      switch random.below(8) {
      case 0, 1: key = random.pick(Self.domains)
      case 2: key = "\(random.pick(["joe", "info", "u", "bad", "u+*", "a.b"]))@\(random.pick(Self.domains))"
      case 3: key = "\(random.pick(["joe", "info", "u+*", "bad", "root"]))@"
      case 4, 5:
        let parts = random.pick(Self.addresses).split(separator: ".")
        key = parts.prefix(1 + random.below(parts.count)).joined(separator: ".")
      case 6: key = "." + random.pick(Self.domains)
      default: key = random.pick(["", "IPv6", "IPv6:2001:db8", "joe@local.example<@>joe@local.example"])
      }
      let tag = random.pick(tags)
      if tag.isEmpty, key.isEmpty { continue }
      entries.append((tag + key, random.pick(values)))
    }
    return entries
  }

  mutating func virtualUsers() -> [(String, String)] {
    let values = [
      "joe", "joe@remote.example", "%1@remote.example", "%1%3@local.example", "error:nouser text",
      "error:5.1.1:550 gone",
      "error:nouser 550 5.7.1 x", "root@local.example", "info+%2", "a,b", "%0", "\"q r\"@local.example", "h!joe",
    ]
    return (0..<random.below(20)).map { _ in
      let domain = random.pick([
        "local.example", "virt.example", "sub.virt.example", "mx.test.example", "remote.example",
      ])
      let user = random.pick(["joe", "info", "info+detail", "info+*", "info++", "", "++", "+*", "u+*", "a.b", "root"])
      return ("\(user)@\(domain)", random.pick(values))
    }
  }

  mutating func mailers() -> [(String, String)] {
    let values = [
      "smtp:relay.example", "esmtp:[10.0.0.1]", "relay:[IPv6:2001:db8::1]", "local:", "local:root", "local:root@x",
      "error:5.1.1:550 gone", "error:nouser x", "error:550 text", "nocolon.example", "smtp:%1.x",
      "smtp:joe@hub.example",
      "nosuch:h",
    ]
    return (0..<random.below(12)).map { _ in
      (
        random.pick(["m.example", ".m.example", ".example", ".", "remote.example", ".remote.example", "foo"]),
        random.pick(values)
      )
    }
  }

  mutating func generics() -> [(String, String)] {
    (0..<random.below(15)).map { _ in
      let user = random.pick(["joe", "info", "info+*", "u+*", "root", ""])
      let domain = random.pick(["", "@gen.example", "@mx.test.example", "@local.example"])
      return (user + domain, random.pick(["John.Doe@masq.example", "%1@x.example", "other", "x+%1"]))
    }.filter { !$0.0.isEmpty }
  }

  mutating func domains() -> [(String, String)] {
    [("old.example", "new.example"), ("foo", "local.example."), ("x.remote.example", "y.remote.example")]
  }

  mutating func address() -> String {
    let domain = random.pick(Self.domains)
    let user = random.pick(Self.users)
    switch random.below(20) {
    case 0: return "<\(user)@\(domain)>"
    case 1: return user
    case 2: return "@\(domain):\(user)@\(random.pick(Self.domains))"
    case 3: return "\(user)@\(domain)."
    case 4: return "\(user)@"
    case 5: return "@\(domain)"
    case 6: return "\(user)%\(domain)@\(random.pick(Self.domains))"
    case 7: return "\(domain)!\(user)"
    case 8: return "Full Name <\(user)@\(domain)>"
    case 9: return "list: a@b.example;"
    case 10: return "\(user)@\(domain)@\(random.pick(Self.domains))"
    case 11: return "<>"
    case 12:
      return random.pick([
        ":include:/x", "a::b@x.example", "list:;", "x: ;", "x: a; @ b", "@a.b,@c.d:u@e.f", "<list:;>", "@@a.b",
        "<joe;>", "|prog", "/file", "\\joe", "..", ".@x", "a@.b", "a@b..c", "a@[1.2.3.4]x", "<@>", "x<y",
      ])
    default: return "\(user)@\(domain)"
    }
  }

  /// Commands that set what sendmail knows of a client, and ask for rule sets.
  mutating func commands(_ count: Int) -> [String] {
    var result: [String] = []
    while result.count < count {
      let client = random.pick(Self.clients)
      let name = random.pick(Self.domains + ["[\(client)]", "[\(client)]"])
      result.append(".D{client_addr}\(client)")
      result.append(".D{client_name}\(name)")
      result.append(".D{client_ptr}\(random.pick(Self.domains + ["[\(client)]"]))")
      result.append(".D{client_resolve}\(random.pick(["OK", "OK", "FAIL", "FORGED", "TEMP"]))")
      result.append(".D{client_rate}\(random.below(12))")
      result.append(".D{client_connections}\(random.below(12))")
      result.append(".D{server_name}\(random.pick(Self.domains))")
      result.append(".D{server_addr}\(random.pick(Self.addresses))")
      result.append(".D{auth_type}\(random.pick(["", "", "", "PLAIN", "LOGIN", "GSSAPI"]))")
      result.append(".D{auth_authen}\(random.pick(["", "joe"]))")
      result.append(".D{verify}\(random.pick(["", "NONE", "OK", "FAIL", "TRUSTED", "SOFTWARE"]))")
      result.append(".D{cipher_bits}\(random.pick(["", "56", "256"]))")
      result.append(".D{cn_subject}\(random.pick(["", "foo"]))")
      result.append(".D{cert_subject}\(random.pick(["", "/CN=foo"]))")
      result.append(".D{cert_issuer}\(random.pick(["", "/O=x", "/O=y"]))")
      result.append(".D{mail_addr}\(random.pick(Self.users))")
      result.append(".D{addr_type}\(random.pick(["e r", "e s", "h r"]))")
      result.append(".D{daemon_flags}\(random.pick(["", "", "c u", "f", "a", "c f u"]))")
      result.append(".Df\(random.pick(Self.users))@\(random.pick(Self.domains))")
      result.append(".Dh\(random.pick(["", "+detail", "foo"]))")
      result.append(".D{deliveryMode}\(random.pick(["b", "b", "b", "b", "b", "d"]))")
      result.append(".D{opMode}\(random.pick(["", "", "s", "b"]))")
      result.append(".Ds\(random.pick(Self.domains))")
      for _ in 0..<(10 + random.below(10)) { result.append(question(client, name)) }
    }
    return result
  }

  private mutating func question(_ client: String, _ name: String) -> String {
    switch random.below(24) {
    case 0...4: return "3,0 \(address())"
    case 5: return "Start,check_relay \(name) $| \(client)"
    case 6: return "Start,checkrelay \(name) $| \(client)"
    case 7, 8: return "check_mail \(address())"
    case 9: return "checkmail \(address())"
    case 10...14: return "check_rcpt \(address())"
    case 15: return "Start,check_compat \(address()) $| \(address())"
    case 16:
      return
        "3,\(random.pick(["EnvFromL", "EnvToL", "HdrFromL", "HdrToL", "EnvFromSMTP", "EnvToSMTP", "HdrFromSMTP"])),4 \(address())"
    case 17: return "3,\(random.pick(["1", "2", "1,EnvFromSMTP", "2,EnvToSMTP", "93", "94"])),4 \(address())"
    case 18: return "\(random.pick(["5", "localaddr"])) \(random.pick(Self.users))"
    case 19: return "Start,\(random.pick(["greet_pause", "GreetPauseControl"])) \(name) $| \(client)"
    case 20:
      return
        "\(random.pick(["tls_client", "tls_server"])) \(random.pick(["OK", "NONE", "FAIL", "TRUSTED", "SOFTWARE", "NO", "DANE_FAIL"])) $| MAIL"
    case 21:
      return
        "Start,\(random.pick(["tls_client", "tls_server"])) \(random.pick(["OK", "NONE", "FAIL", "SOFTWARE"])) $| MAIL"
    case 22:
      return
        "\(random.pick(["try_tls", "tls_rcpt", "authinfo", "queuegroup", "trust_auth", "srv_features", "clt_features", "check_eoh", "check_data", "check_vrfy", "check_etrn", "check_expn", "check_auth", "RateControl", "ConnControl", "Local_Relay_Auth", "RelayTLS"])) \(address())"
    default:
      return
        "\(random.pick(["MailerToTriple", "CanonAddr", "ParseRecipient", "Recurse", "CanonLocal", "BadMX", "check_other", "F", "U", "D", "A", "max"])) \(address())"
    }
  }

  /// A command that asks a rule set for which others have prepared what it gets.
  mutating func direct() -> String {
    let set = random.pick([
      "Relay_ok", "Relay_ok", "Rcpt_ok", "Rcpt_ok", "Basic_check_mail", "Basic_check_rcpt", "ParseRecipient", "Parse0",
      "Parse1",
      "canonify", "Canonify2", "canonify,PseudoToReal", "localaddr", "RelayTLS", "TLS_connection", "3,0", "3,MasqHdr",
      "canonify,MasqEnv", "trust_auth", "Local_check_rcpt", "try_tls", "tls_server", "tls_client", "srv_features",
      "clt_features", "check_mail", "check_rcpt",
    ])
    switch random.below(9) {
    case 0: return "\(set) \(random.pick(Self.clients))"
    case 1: return "\(set) \(random.pick(Self.domains))"
    case 2: return "Start,\(set) \(random.pick(Self.users)) $| \(random.pick(["joe", "PLAIN", "OK", "x"]))"
    case 3: return "\(set) \(random.pick(Self.users))@\(random.pick(Self.domains)) x"
    case 4: return "\(set) \(random.pick(Self.users)) < @ \(random.pick(Self.domains)) . >"
    case 5:
      return "\(set) < \(random.pick(["local", "error", "esmtp", "relay.example"])) : \(random.pick(Self.users)) > x"
    case 6:
      return
        "\(set) \(random.pick(["<@a.b,@c.d:u@e.f>", "a : b c ;", "list : ;", "\(random.pick(Self.users)) < @ *LOCAL* >", "$&h", "", "x < @ smtp : h >", "joe < @ example . UUCP >", "x.UUCP!y", ".", "postmaster", "< @ *LOCAL* >", "@ a , b", "a : b ; c"]))"
    case 7:
      let domain = random.pick(["local.example", "remote.example", "virt.example"])
      return "\(set) \(random.pick(["joe", "info", "info", "bad", "root"]))@\(domain)"
    default: return "\(set) \(address())"
    }
  }

  /// What the access table has for clients whose certificate counts, and what recipients must not get, each with its tag.
  static let tagged = [
    ("CERTISSUER:/O=x", "SUBJECT"), ("CERTSUBJECT:/CN=foo", "RELAY"), ("CERTISSUER:/O=y", "RELAY"),
    ("To:root@local.example", "REJECT"), ("To:info@local.example", "DISCARD"),
    ("To:bad@local.example", "QUARANTINE:so"),
    ("To:joe@virt.example", "ERROR:5.2.1:\"550 gone\""), ("From:root@remote.example", "QUARANTINE:why"),
    ("From:bad@remote.example", "ERROR:550 no"), ("Connect:203.0.113.9", "RELAY"), ("Connect:m.example", "RELAY"),
    ("Try_TLS:m.example", "NO"), ("TLS_Srv:m.example", "VERIFY"), ("TLS_Clt:gen.example", "PERM+VERIFY"),
    ("From:info@remote.example", "ERROR:5.7.1:550 x"), ("From:joe@remote.example", "REJECT"),
    ("From:info@virt.example", "DISCARD"), ("TLS_Srv:relay.example", "ENCR:40"),
    ("TLS_Srv:remote.example", "ENCR:112+CN:foo++CI:x"), ("TLS_Clt:relay.example", "VERIFY+CN:foo"),
    ("TLS_Clt:spam.example", "PERM+ENCR:256+CN"), ("TLS_Clt:remote.example", "TEMP+ENCR:40"),
    ("Srv_Features:203.0.113.9", "v"), ("Clt_Features:m.example", "x"), ("TLS_Rcpt:x.example", "ENCR:40"),
  ]

  /// What chance seldom brings together.
  static let seldom = [
    ".D{client_addr}203.0.113.77", ".D{client_resolve}OK", ".D{client_name}x.foo", "Relay_ok x", ".D{verify}",
    ".D{cert_issuer}", ".D{auth_type}LOGIN", "Rcpt_ok joe@nowhere.example", ".D{auth_type}PLAIN",
    "Rcpt_ok joe@nowhere.example", ".D{auth_authen}joe", "Start,trust_auth <joe>", "trust_auth <joe>",
    "canonify joe@other.virt.example", "PseudoToReal joe < @ smtp : h >", "Parse0 < @ *LOCAL* >",
    "Parse0 \"\" < @ mx.test.example . >",
    ".Dhfoo", "PseudoToReal a!joe < @ foo .UUCP. >", "Basic_check_mail <joe>",
    ".D{daemon_flags}", "Basic_check_mail joe", ".D{auth_type}EXTERNAL", "Rcpt_ok joe@nowhere.example", "Parse0 \"\"",
  ]

  /// A command that parses an address.
  mutating func parsing() -> String {
    switch random.below(8) {
    case 0: return "/tryflags \(random.pick(["hs", "es", "hr", "er", "s", "E"]))"
    case 1, 2: return "/try \(random.pick(["local", "esmtp", "smtp", "relay", "nosuch"])) \(address())"
    case 3:
      let value = random.pick(["joe", "Info+x", "a.b.c", "spam.example", "joe@local.example"])
      return "/map \(random.pick(["access", "virtuser", "mailertable", "dequote", "nosuch"])) \(value)"
    default: return "/parse \(address())"
    }
  }

  /// A command that feeds a rule set something that one of its rules may match.
  mutating func probe(_ configuration: Configuration) -> String? {
    let compiled = configuration.compiled
    let sets = compiled.ruleSets.filter { !$0.rules.isEmpty }
    guard let set = sets.randomElement(using: &random), let place = set.rules.randomElement(using: &random) else {
      return nil
    }
    var words: [String] = []
    var hasBar = false
    for part in compiled.rules[place].pattern.map({ compiled.parts[$0] }) {
      switch part.kind {
      case .any: words += (0..<random.below(3)).map { _ in word() }
      case .some: words += (0...random.below(2)).map { _ in word() }
      case .one, .notInClass: words.append(word())
      case .inClass:
        let members = compiled.classes[Int(part.argument)].words
        if !members.isEmpty { words.append(ByteString(members[random.below(members.count)]).description) }
      case .macro, .nothing, .matched: break
      case .token:
        switch part.token.meta {
        case 0: words.append(ByteString(compiled.pool[part.token.range]).description)
        case Meta.otherwise:
          words.append("$|")
          hasBar = true
        default: return nil
        }
      }
    }
    guard !words.isEmpty else { return nil }
    return (hasBar ? "Start," : "") + "\(set.name) " + words.joined(separator: " ")
  }

  private mutating func word() -> String {
    random.pick([
      "joe", "local.example", "a", ".", "@", "remote.example", "550", "5.7.1", "1", "192.168.5.7", "OK", "+", "root",
      "!", "To",
      "<", ">", "IPv6:2001:db8::1", "[1.2.3.4]", "mx.test.example", "\"q r\"", ":", "error", "local", "0",
    ])
  }
}
