import CloudCore
import CloudStorage
import CloudStore

/// Targets, and what their contract needs beside them.
public protocol TargetStage: Sendable {
    var targets: any BlockTargets { get }
    /// A place for a virtual storage that is not there yet: its device is in its namespace.
    func place(_ storage: ID<VirtualStorage>) async throws(CloudError) -> IPv4
    /// A new volume, open for a user.
    func disk(for user: Int) async throws(CloudError) -> OpenDisk
}

/// What whoever serves volumes must do, as a suite that runs on any. A case that fails throws `fault`.
public struct BlockTargetsContract: Sendable {
    /// One thing that must hold.
    public struct Case: Sendable, CustomStringConvertible {
        public let description: String
        let body: @Sendable (any TargetStage) async throws(CloudError) -> Void
    }

    private let stage: any TargetStage

    public init(_ stage: any TargetStage) { self.stage = stage }

    /// Runs one case; throws what was wrong.
    public func run(_ one: Case) async throws(CloudError) { try await one.body(stage) }

    /// Every case.
    public static let cases = [
        Case(description: "what is ensured is listed, as often as it is, until it is removed") {
            (stage) async throws(CloudError) in
            var spec = try await new(stage)
            try await stage.targets.ensureTarget(spec)
            spec.volumes = [
                TargetVolume(disk: try await stage.disk(for: spec.user), initiators: ["iqn.2026-11.example:a"])
            ]
            for _ in 0..<2 { try await stage.targets.ensureTarget(spec) }
            try expect(try await stage.targets.targets() == [spec.id], "it is listed")
            for _ in 0..<2 { try await stage.targets.removeTarget(spec.id) }
            try expect(try await stage.targets.targets().isEmpty, "nothing is left")
        },
        Case(description: "what may go into no command is refused, and nothing comes of it") {
            (stage) async throws(CloudError) in
            let good = try await new(stage)
            let disk = try await stage.disk(for: good.user)
            func refuses(_ what: String, _ change: (inout TargetSpec) -> Void) async throws(CloudError) {
                var spec = good
                change(&spec)
                do throws(CloudError) { try await stage.targets.ensureTarget(spec) } catch {
                    return try expect(error.code == .invalid, "\(what) is invalid, not \(error)")
                }
                throw .fault("\(what) was taken")
            }
            try await refuses("an id that climbs") { $0.id = ID("../x") }
            for name in ["x", "iqn.a b", "iqn.a\n", "iqn.;b", "iqn.A", "iqn." + String(repeating: "a", count: 220)] {
                try await refuses(name) { $0.volumes = [TargetVolume(disk: disk, initiators: [name])] }
            }
            try await refuses("a volume twice") {
                $0.volumes = [TargetVolume(disk: disk, initiators: []), TargetVolume(disk: disk, initiators: [])]
            }
            try await refuses("too many initiators") { spec in
                let names = (0...TargetSpec.mostInitiators).map { "iqn.2026-11.example:\($0)" }
                spec.volumes = [TargetVolume(disk: disk, initiators: Set(names))]
            }
            try await refuses("too many routes") { spec in
                spec.routes = (0...TargetSpec.mostRoutes).map {
                    HostPath(destination: CIDR("10.\($0).0.0/16")!, nextHop: spec.address)
                }
            }
            try expect(try await stage.targets.targets().isEmpty, "nothing came of it")
        },
    ]

    private static func new(_ stage: any TargetStage) async throws(CloudError) -> TargetSpec {
        let id = ID<VirtualStorage>(SystemDice().uuid())
        return TargetSpec(
            id: id, user: stage.targets.users.lowerBound, address: try await stage.place(id), routes: [], volumes: [])
    }

    private static func expect(_ holds: Bool, _ what: String) throws(CloudError) {
        guard holds else { throw .fault("expected: \(what)") }
    }
}
