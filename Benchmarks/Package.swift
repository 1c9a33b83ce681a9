// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmarks",
  dependencies: [.package(name: "mailcfg", path: "..")],
  targets: [
    .executableTarget(name: "TextBenchmark", dependencies: [.product(name: "SendmailConfig", package: "mailcfg")]),
    .executableTarget(
      name: "CheckBenchmark",
      dependencies: [
        .product(name: "SendmailChecks", package: "mailcfg"), .product(name: "SendmailConfig", package: "mailcfg"),
      ]),
    .executableTarget(
      name: "EvaluatorBenchmark",
      dependencies: [
        .product(name: "SendmailEvaluator", package: "mailcfg"), .product(name: "SendmailConfig", package: "mailcfg"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
