// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "mailcfg",
  products: [
    .library(name: "SendmailDirectory", targets: ["SendmailDirectory"]),
    .library(name: "SendmailConfig", targets: ["SendmailConfig"]),
    .library(name: "SendmailMaps", targets: ["SendmailMaps"]),
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
        "SendmailDirectory", "SendmailEvaluator", "SendmailMaps", "SendmailConfig", "SystemSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "SendmailDirectory",
      dependencies: ["SendmailEvaluator", "SendmailMaps", "SendmailConfig", "SystemSupport"]),
    .target(name: "SendmailMaps", dependencies: ["BerkeleyDB", "SendmailConfig", "SystemSupport"]),
    .target(name: "SendmailEvaluator", dependencies: ["SendmailConfig"]),
    .target(name: "SendmailConfig", dependencies: ["SystemSupport"]),
    .target(name: "SystemSupport", dependencies: ["CSystemSupport"]),
    .systemLibrary(name: "CSystemSupport"),
    .target(name: "BerkeleyDB", dependencies: ["CBerkeleyDB"]),
    .systemLibrary(name: "CBerkeleyDB", providers: [.apt(["libdb-dev"]), .yum(["libdb-devel"])]),

    .target(name: "TestSupport", dependencies: ["SystemSupport"], path: "Tests/TestSupport"),
    .testTarget(name: "BerkeleyDBTests", dependencies: ["BerkeleyDB", "TestSupport"]),
    .testTarget(name: "SystemSupportTests", dependencies: ["SystemSupport", "CSystemSupport", "TestSupport"]),
    .testTarget(name: "SendmailConfigTests", dependencies: ["SendmailConfig", "TestSupport"]),
    .testTarget(name: "SendmailEvaluatorTests", dependencies: ["SendmailEvaluator", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "SendmailMapsTests", dependencies: ["SendmailMaps", "BerkeleyDB", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "SendmailDirectoryTests",
      dependencies: ["SendmailDirectory", "SendmailMaps", "SendmailConfig", "TestSupport"]),
    .testTarget(
      name: "MailcfgCommandsTests", dependencies: ["MailcfgCommands", "SendmailConfig", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

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
