// swift-tools-version: 6.2
import PackageDescription

/// One set of settings for every Swift target: the compiler polices what the design promises.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  // Debug builds, which the tests run, check each access to a class's property for overlap; release builds would pay a
  // hundred such checks a request for what those have found.
  .unsafeFlags(["-enforce-exclusivity=unchecked", "-cross-module-optimization"], .when(configuration: .release)),
]

/// The C and C++ shims; they call the system's libraries and nothing else.
let cxx: [CXXSetting] = [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Wno-unused-parameter"])]
let c: [CSetting] = [.unsafeFlags(["-O2", "-Wall", "-Wextra"])]

/// What `weir --version` says beside the version. Given by deploy/prepare.sh; a build by hand says none.
let commit = Context.environment["WEIR_COMMIT"].map { CSetting.define("WEIR_COMMIT", to: "\"\($0)\"") }

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "weir",
  products: [.executable(name: "weir", targets: ["weir"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CWeirZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CWeirCurl", cSettings: c,
      linkerSettings: [.linkedLibrary("curl")]),
    .target(
      name: "CWeirHiredis", cSettings: c,
      linkerSettings: [.linkedLibrary("hiredis")]),
    .target(
      name: "CWeirNghttp2", cSettings: c,
      linkerSettings: [.linkedLibrary("nghttp2")]),
    .target(
      name: "CWeirSQLite", cSettings: c,
      linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(
      name: "CWeirSimdjson", cxxSettings: cxx,
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirYAML", cSettings: c,
      linkerSettings: [.linkedLibrary(":libyaml.a")]),

    .target(name: "WeirMetrics", swiftSettings: strict),
    .target(name: "CWeirSystem", cSettings: c + (commit.map { [$0] } ?? [])),
    .target(name: "WeirThreads", dependencies: ["CWeirSystem"], swiftSettings: strict),
    .target(
      name: "CWeirSchema", cxxSettings: cxx,
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirPatterns", cxxSettings: cxx,
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(
      name: "WeirWire", dependencies: ["CWeirPatterns", "CWeirSchema", "CWeirSimdjson", "CWeirZlib"],
      swiftSettings: strict),
    .target(
      name: "WeirPolicy",
      dependencies: ["WeirWire", .product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
    .target(name: "WeirConfiguration", dependencies: ["CWeirYAML", "WeirPolicy"], swiftSettings: strict),
    .target(
      name: "WeirStore",
      dependencies: [
        "CWeirHiredis", "CWeirSQLite", "WeirThreads", nioCore, .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ], swiftSettings: strict),
    .target(
      name: "WeirUpstream",
      dependencies: [
        "CWeirCurl", "CWeirNghttp2", "WeirThreads", nioCore, nioPosix, logging,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ], swiftSettings: strict),
    .target(
      name: "WeirProxy",
      dependencies: [
        "CWeirSystem", "WeirConfiguration", "WeirMetrics", "WeirPolicy", "WeirStore", "WeirThreads", "WeirUpstream",
        "WeirWire", nioCore, nioPosix, nioHTTP1, logging,
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: strict),
    .target(
      name: "WeirSimulator",
      dependencies: [
        nioCore, nioPosix, nioHTTP1, logging,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .executableTarget(
      name: "weir",
      dependencies: [
        "CWeirSystem", "WeirConfiguration", "WeirPolicy", "WeirProxy", "WeirSimulator", "WeirStore", "WeirUpstream",
        nioCore, nioPosix, logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ], swiftSettings: strict),

    .testTarget(name: "WeirThreadsTests", dependencies: ["WeirThreads"], swiftSettings: strict),
    .testTarget(name: "WeirMetricsTests", dependencies: ["WeirMetrics"], swiftSettings: strict),
    .testTarget(name: "WeirWireTests", dependencies: ["WeirWire"], swiftSettings: strict),
    .testTarget(name: "WeirPolicyTests", dependencies: ["WeirPolicy", "WeirWire"], swiftSettings: strict),
    .testTarget(
      name: "WeirConfigurationTests", dependencies: ["WeirConfiguration"], swiftSettings: strict),
    .testTarget(name: "WeirStoreTests", dependencies: ["WeirStore", "WeirThreads"], swiftSettings: strict),
    .testTarget(
      name: "WeirSimulatorTests",
      dependencies: ["WeirSimulator", nioCore, nioHTTP1, .product(name: "NIOEmbedded", package: "swift-nio")],
      swiftSettings: strict),
    .testTarget(
      name: "WeirUpstreamTests",
      dependencies: [
        "WeirThreads", "WeirUpstream", nioCore, nioPosix, nioHTTP1,
        .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ], swiftSettings: strict),
    .testTarget(
      name: "WeirProxyTests",
      dependencies: [
        "WeirProxy", "WeirConfiguration", "WeirMetrics", "WeirPolicy", "WeirStore", "WeirUpstream", "WeirWire",
        nioCore, nioHTTP1, logging, .product(name: "NIOEmbedded", package: "swift-nio"),
      ], swiftSettings: strict),
    .testTarget(name: "HouseRulesTests", swiftSettings: strict),
    // What libFuzzer runs for long (Tests/Fuzzing/run), for a bounded number of seeded inputs.
    .testTarget(
      name: "FuzzingTests",
      dependencies: [
        "WeirConfiguration", "WeirPolicy", "WeirProxy", "WeirWire", nioCore, nioHTTP1,
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      path: "Tests/Fuzzing",
      exclude: ["Corpus", "Package.swift", "README.md", "Sources", "run", "sanitize", "thread.suppressions"],
      sources: ["Bounded", "Targets"], swiftSettings: strict),
  ]
)
