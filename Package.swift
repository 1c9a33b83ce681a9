// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "mailcfg",
  products: [
    .library(name: "SendmailDirectory", targets: ["SendmailDirectory"]),
    .library(name: "SendmailConfig", targets: ["SendmailConfig"]),
    .library(name: "SendmailMaps", targets: ["SendmailMaps"]),
    .library(name: "SendmailChecks", targets: ["SendmailChecks"]),
    .library(name: "SendmailEvaluator", targets: ["SendmailEvaluator"]),
    .library(name: "BerkeleyDB", targets: ["BerkeleyDB"]),
    .executable(name: "mailcfg", targets: ["mailcfg"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Imports go one way, from the first of these to the last.
    .executableTarget(name: "mailcfg", dependencies: ["MailcfgCommands"]),
    .target(
      name: "MailcfgCommands",
      dependencies: [
        "SendmailDirectory", "SendmailChecks", "SendmailEvaluator", "SendmailMaps", "SendmailConfig", "SystemSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "SendmailDirectory",
      dependencies: ["SendmailChecks", "SendmailEvaluator", "SendmailMaps", "SendmailConfig", "SystemSupport"]),
    .target(name: "SendmailChecks", dependencies: ["SendmailConfig", "SystemSupport"]),
    .target(name: "SendmailMaps", dependencies: ["BerkeleyDB", "SendmailConfig", "SystemSupport"]),
    .target(name: "SendmailEvaluator", dependencies: ["SendmailConfig"]),
    .target(name: "SendmailConfig", dependencies: ["SystemSupport"]),
    .target(name: "SystemSupport", dependencies: ["CSystemSupport"]),
    .systemLibrary(name: "CSystemSupport"),
    .target(name: "BerkeleyDB", dependencies: ["CBerkeleyDB", "CSystemSupport"]),
    .systemLibrary(name: "CBerkeleyDB", providers: [.apt(["libdb-dev"]), .yum(["libdb-devel"])]),

    .target(name: "TestSupport", dependencies: ["SystemSupport"], path: "Tests/TestSupport"),
    .testTarget(name: "BerkeleyDBTests", dependencies: ["BerkeleyDB", "TestSupport"]),
    .testTarget(name: "SystemSupportTests", dependencies: ["SystemSupport", "CSystemSupport", "TestSupport"]),
    .testTarget(name: "SendmailConfigTests", dependencies: ["SendmailConfig", "TestSupport"]),
    .testTarget(name: "SendmailEvaluatorTests", dependencies: ["SendmailEvaluator", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "SendmailMapsTests", dependencies: ["SendmailMaps", "BerkeleyDB", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "SendmailChecksTests",
      dependencies: ["SendmailChecks", "SendmailEvaluator", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "SendmailDirectoryTests",
      dependencies: [
        "SendmailDirectory", "SendmailEvaluator", "SendmailMaps", "SendmailConfig", "SystemSupport", "TestSupport",
      ]),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "MailcfgCommands", "SendmailDirectory", "SendmailEvaluator", "SendmailMaps", "BerkeleyDB", "SendmailConfig",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Fuzz/Targets"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"]),
    .testTarget(
      name: "MailcfgCommandsTests",
      dependencies: ["MailcfgCommands", "SendmailMaps", "SendmailConfig", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

// libFuzzer brings a main function of its own; see Fuzz/README.md.
if Context.environment["MAILCFG_FUZZ"] != nil {
  package.targets.append(.executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/Entry"))
}

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
  ]
}

// Those who write the documentation need the plugin; those who use the library do not fetch it.
if Context.environment["MAILCFG_DOCS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
