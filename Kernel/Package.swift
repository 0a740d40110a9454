// swift-tools-version: 6.1
import PackageDescription

// The cloud without the world: what it knows and decides, on the standard library alone,
// so that it builds and is simulated in seconds. The root package gives it a disk, a network and a hypervisor.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let modules = [
    library("CloudCore", []),
    library("CloudStore", ["CloudCore"]),
    library("CloudEngine", ["CloudCore", "CloudStore"]),
    library("CloudWire", ["CloudCore", "CloudStore"]),
    library("CloudIdentity", ["CloudCore", "CloudStore", "CloudWire"]),
    library("CloudImage", ["CloudCore", "CloudStore", "CloudEngine", "CloudWire"]),
    library("CloudNetwork", ["CloudCore", "CloudStore", "CloudEngine", "CloudWire"]),
    library("CloudStorage", ["CloudCore", "CloudStore", "CloudEngine", "CloudWire"]),
    library("CloudCompute", ["CloudCore", "CloudStore", "CloudEngine", "CloudWire"]),
    library(
        "CloudServices",
        [
            "CloudCore", "CloudStore", "CloudEngine", "CloudWire", "CloudIdentity", "CloudImage", "CloudNetwork",
            "CloudCompute", "CloudStorage",
        ]),
    library("CloudSim", ["CloudServices"]),
]

let package = Package(
    name: "Kernel",
    products: modules.map { .library(name: $0.name, targets: [$0.name]) },
    targets: modules + [
        .testTarget(name: "KernelTests", dependencies: ["CloudSim"], swiftSettings: strict)
    ]
)
