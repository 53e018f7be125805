// swift-tools-version: 6.2
// A package of its own, since its executable is linked with the toolchain's libFuzzer; its other sources are links to
// weir's, built with the fuzzer's coverage and the address sanitizer. `run` builds and runs it.
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// What the fuzzer watches: coverage leads it, so only weir's own code has it. The checks reach weir's inner types.
let watched: [SwiftSetting] =
  strict + [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])]
let watchedC: [CSetting] = [.unsafeFlags(["-O1", "-g", "-fsanitize=fuzzer-no-link,address"])]
let watchedCXX: [CXXSetting] = [.unsafeFlags(["-O1", "-g", "-fsanitize=fuzzer-no-link,address"])]

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
  ],
  targets: [
    .systemLibrary(name: "CWeirZlib", pkgConfig: "zlib"),
    .target(
      name: "CWeirSimdjson", cxxSettings: watchedCXX,
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirSchema", cxxSettings: watchedCXX, linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirPatterns", cxxSettings: watchedCXX,
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(name: "CWeirYAML", cSettings: watchedC, linkerSettings: [.linkedLibrary(":libyaml.a")]),
    .target(
      name: "WeirWire", dependencies: ["CWeirPatterns", "CWeirSchema", "CWeirSimdjson", "CWeirZlib"],
      swiftSettings: watched),
    .target(
      name: "WeirPolicy", dependencies: ["WeirWire", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: watched),
    .target(name: "WeirConfiguration", dependencies: ["CWeirYAML", "WeirPolicy"], swiftSettings: watched),
    // The two files that read a request's head; the rest of the proxy would bring its network and its database.
    .target(
      name: "WeirProxy", dependencies: ["WeirPolicy", .product(name: "NIOHTTP1", package: "swift-nio")],
      swiftSettings: watched),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "WeirConfiguration", "WeirPolicy", "WeirProxy", "WeirWire",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ], swiftSettings: strict),
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["CFuzzer", "FuzzTargets"], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
)
