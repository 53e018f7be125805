// swift-tools-version: 6.2
// A package of its own, since it is no part of weir; its other sources are links to weir's.
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "zipf",
  dependencies: [.package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2")],
  targets: [
    .systemLibrary(name: "CWeirZlib", pkgConfig: "zlib"),
    .target(
      name: "CWeirSimdjson", cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirSchema", cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(
      name: "CWeirPatterns", cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
    .target(
      name: "WeirWire", dependencies: ["CWeirPatterns", "CWeirSchema", "CWeirSimdjson", "CWeirZlib"],
      swiftSettings: strict),
    // So that the benchmark reaches the table behind the cache, and can try other shares of its window.
    .target(
      name: "WeirPolicy", dependencies: ["WeirWire", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict + [.unsafeFlags(["-enable-testing"])]),
    .executableTarget(name: "zipf", dependencies: ["WeirPolicy", "WeirWire"], swiftSettings: strict),
  ]
)
