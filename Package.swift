// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]
// Tests run on the very build that is shipped; these modules' tests also look inside.
let testable = strict + [.unsafeFlags(["-enable-testing"])]

func kernel(_ name: String) -> Target.Dependency { .product(name: name, package: "Kernel") }

let package = Package(
    name: "Akashi",
    products: [.executable(name: "akashi", targets: ["akashi"])],
    dependencies: [
        .package(path: "Kernel"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .target(
            name: "CloudSQLite",
            dependencies: [kernel("CloudStore"), .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .target(
            name: "CloudHost",
            dependencies: [
                kernel("CloudCore"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: testable),
        .target(
            name: "CloudQEMU",
            dependencies: ["CloudHost", kernel("CloudCompute"), .product(name: "Logging", package: "swift-log")],
            swiftSettings: testable),
        .target(
            name: "CloudVolumes",
            dependencies: [
                "CloudHost", kernel("CloudStorage"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ], swiftSettings: testable),
        .target(
            name: "CloudOVN",
            dependencies: ["CloudHost", kernel("CloudNetwork"), .product(name: "Logging", package: "swift-log")],
            swiftSettings: testable),
        .target(
            name: "CloudEdge",
            dependencies: ["CloudHost", kernel("CloudNetwork")],
            swiftSettings: testable),
        .target(
            name: "CloudChrony",
            dependencies: ["CloudHost", kernel("CloudNetwork"), .product(name: "Logging", package: "swift-log")],
            swiftSettings: testable),
        .target(
            name: "CloudStrongSwan",
            dependencies: ["CloudHost", kernel("CloudNetwork"), .product(name: "Logging", package: "swift-log")],
            swiftSettings: testable),
        .target(
            name: "CloudTarget",
            dependencies: ["CloudHost", kernel("CloudStorage"), .product(name: "Logging", package: "swift-log")],
            swiftSettings: testable),
        .target(name: "CPKCS11"),
        .target(
            name: "CloudToken", dependencies: ["CPKCS11", "CloudHost", kernel("CloudStorage")],
            swiftSettings: testable),
        .target(
            name: "CloudHTTP",
            dependencies: [
                kernel("CloudWire"), kernel("CloudCompute"), .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .target(
            name: "CloudLocal",
            dependencies: [
                "CloudHost", kernel("CloudIdentity"), kernel("CloudImage"), kernel("CloudCompute"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "_NIOFileSystem", package: "swift-nio"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "akashi",
            dependencies: [
                "CloudSQLite", "CloudQEMU", "CloudOVN", "CloudEdge", "CloudStrongSwan", "CloudChrony", "CloudHTTP",
                "CloudLocal", "CloudTarget", "CloudToken", "CloudVolumes",
                kernel("CloudServices"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // What ./dev bench measures the API against; no part of the product.
        .executableTarget(
            name: "bench-peer",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], path: "tools/bench/peer", swiftSettings: strict),
        .testTarget(
            name: "SQLiteTests",
            dependencies: [
                "CloudSQLite", "CloudHost", kernel("CloudServices"), kernel("CloudSim"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .testTarget(
            name: "HTTPTests", dependencies: ["CloudHTTP", "CloudHost", "CloudLocal", kernel("CloudSim")],
            swiftSettings: strict),
        .testTarget(
            name: "LocalTests", dependencies: ["CloudLocal", "CloudHost"], swiftSettings: strict),
        .testTarget(name: "HostTests", dependencies: ["CloudHost"], swiftSettings: strict),
        .testTarget(name: "QEMUTests", dependencies: ["CloudQEMU"], swiftSettings: strict),
        .testTarget(
            name: "VolumesTests", dependencies: ["CloudVolumes", "CloudHost", kernel("CloudSim")],
            swiftSettings: strict),
        .testTarget(name: "OVNTests", dependencies: ["CloudOVN", "CloudHost"], swiftSettings: strict),
        .testTarget(
            name: "EdgeTests", dependencies: ["CloudEdge", "CloudHost"], exclude: ["peer.py"], swiftSettings: strict),
        .testTarget(
            name: "TokenTests",
            dependencies: [
                "CloudToken", "CloudHost", kernel("CloudSim"), .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: strict),
        .testTarget(
            name: "TargetTests",
            dependencies: [
                "CloudTarget", "CloudVolumes", "CloudHost", kernel("CloudSim"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(name: "StrongSwanTests", dependencies: ["CloudStrongSwan", "CloudHost"], swiftSettings: strict),
    ]
)
