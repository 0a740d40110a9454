import CloudCore
import CloudNetwork

/// Copies of packets, as rows of Open vSwitch itself: OVN of some versions copies to other machines only.
extension OVNFabric {
    /// The most that one bridge of Open vSwitch has.
    static let mostMirrors = 32

    public func ensureMirror(_ mirror: MirrorSpec, on host: HostName) async throws(CloudError) {
        try check(host)
        let id = try Self.safe(mirror.id)
        let (source, listener) = (try Self.safe(mirror.source), try Self.safe(mirror.listener))
        try await repeating { () throws(CloudError) in
            let found = try await local.transact(
                .host,
                [
                    Operation.select("Port", [Where.name(Plug.device(of: mirror.source))], ["_uuid"]),
                    Operation.select("Port", [Where.name(Plug.device(of: mirror.listener))], ["_uuid"]),
                    Operation.select("Mirror", [Where.mark(Mark.tap, id)], Self.mirrorColumns),
                    Operation.select("Mirror", [], ["_uuid"]),
                ])
            guard let from = found[0]["rows"]?[0]?["_uuid"], let to = found[1]["rows"]?[0]?["_uuid"] else {
                throw .unavailable("network", "mirror \(id) is wanted before its ports are plugged")
            }
            var marks = [Mark.tap: id, Mark.tapListener: listener]
            if mirror.copiesIngress { marks[Mark.tapIngress] = source }
            if mirror.copiesEgress { marks[Mark.tapEgress] = source }
            let wanted: [String: JSON] = [
                "name": .string("tap-" + id), "external_ids": Value.map(marks), "output_port": to,
                // The switch's view: what comes in from a device is what its guest sent.
                "select_src_port": mirror.copiesEgress ? from : Value.set([]),
                "select_dst_port": mirror.copiesIngress ? from : Value.set([]),
            ]
            if let row = found[2]["rows"]?[0] {
                guard row != .object(wanted) else { return }
                try await local.transact(.host, [Operation.update("Mirror", [Where.mark(Mark.tap, id)], wanted)])
                return
            }
            guard (found[3]["rows"]?.array?.count ?? 0) < Self.mostMirrors else {
                throw .conflict("The host copies packets of \(Self.mostMirrors) ports already, and can copy no more.")
            }
            try await local.transact(
                .host,
                [
                    Operation.expectNone("Mirror", [Where.name("tap-" + id)]),
                    Operation.insert("Mirror", wanted, as: "m"),
                    Operation.mutate(
                        "Bridge", [Where.name(OVNPaths.bridgeName)], "mirrors", "insert",
                        Value.set([Value.named("m")])),
                ])
        }
    }

    public func removeMirror(_ mirror: ID<TapFlow>, on host: HostName) async throws(CloudError) {
        try check(host)
        let id = try Self.safe(mirror)
        let found = try await local.transact(
            .host, [Operation.select("Mirror", [Where.mark(Mark.tap, id)], ["_uuid"])])
        guard let row = found[0]["rows"]?[0]?["_uuid"] else { return }
        // Emptied first: Open vSwitch (3.5.0 at least) goes on copying for a row that is only deleted.
        let nothing: [String: JSON] = ["select_src_port": Value.set([]), "select_dst_port": Value.set([])]
        try await takeUp(
            [Operation.update("Mirror", [Where.uuid(row)], nothing)], for: "ovs-vswitchd to end mirror \(id)")
        try await local.transact(
            .host,
            [Operation.mutate("Bridge", [Where.name(OVNPaths.bridgeName)], "mirrors", "delete", Value.set([row]))])
    }

    public func mirrors(on host: HostName) async throws(CloudError) -> Set<ID<TapFlow>> {
        try check(host)
        let found = try await local.transact(
            .host, [Operation.select("Mirror", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.tap] }.map(ID.init))
    }

    private static let mirrorColumns = ["name", "external_ids", "output_port", "select_src_port", "select_dst_port"]

    /// Has what copied from or to a port's device copy from or to the new one, in the transaction that makes it: with
    /// its row, a device loses its place in mirrors.
    static func rejoinMirrors(_ port: String, row: JSON) -> [JSON] {
        [
            Operation.mutate(
                "Mirror", [Where.mark(Mark.tapEgress, port)], "select_src_port", "insert", Value.set([row])),
            Operation.mutate(
                "Mirror", [Where.mark(Mark.tapIngress, port)], "select_dst_port", "insert", Value.set([row])),
            Operation.update("Mirror", [Where.mark(Mark.tapListener, port)], ["output_port": row]),
        ]
    }
}
