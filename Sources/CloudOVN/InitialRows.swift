import CloudCore

/// The rows that tell Open vSwitch and OVN what this host is. Written at every start; equal rows change nothing.
struct InitialRows: Sendable {
    let host: HostName
    /// The socket of the central databases.
    let central: String
    let encapsulation: IPv4
    let datapath: OVNEngine.Datapath
    let physical: [PhysicalNetwork]

    func write(local: OVSDB, central north: OVSDB) async throws(CloudError) {
        try await ensureOnly("Open_vSwitch", in: .host, of: local)
        try await ensureOnly("NB_Global", in: .north, of: north)
        var other: [String: String] = [:]
        // Without it, guests' checksum and segmentation offload would have to be switched off one by one, or TCP hangs.
        if datapath == .netdev { other["userspace-tso-enable"] = "true" }
        var identity = [
            "system-id": host.text, "ovn-remote": "unix:\(central)", "ovn-encap-type": "geneve",
            "ovn-encap-ip": encapsulation.description, "ovn-bridge": OVNPaths.bridgeName,
            "ovn-bridge-datapath-type": datapath.rawValue, "ovn-monitor-all": "true",
        ]
        if !physical.isEmpty { identity["ovn-bridge-mappings"] = PhysicalNetwork.mappings(physical) }
        let update = Operation.update(
            "Open_vSwitch", [], ["external_ids": Value.map(identity), "other_config": Value.map(other)])
        let bridge = Operation.select("Bridge", [Where.name(OVNPaths.bridgeName)], ["_uuid"])
        let results = try await local.transact(.host, [update, bridge])
        if results[1]["rows"]?.array?.isEmpty ?? true { try await local.transact(.host, makeBridge) }
        try await PhysicalNetwork.ensureBridges(physical, datapath: datapath, in: local)
    }

    /// A table that must have one row gets it.
    private func ensureOnly(_ table: String, in database: OVSDB.Database, of server: OVSDB) async throws(CloudError) {
        do {
            try await server.transact(database, [Operation.expectNone(table, []), Operation.insert(table, [:])])
        } catch  where error.code == .stale {
            return  // It is there.
        }
    }

    /// Made by us, since ovn-controller would make it only after ovs-vswitchd is up, and the start take longer.
    private var makeBridge: [JSON] {
        let name = JSON.string(OVNPaths.bridgeName)
        return [
            Operation.expectNone("Bridge", [Where.name(OVNPaths.bridgeName)]),
            Operation.insert("Interface", ["name": name, "type": "internal"], as: "i"),
            Operation.insert("Port", ["name": name, "interfaces": Value.named("i")], as: "p"),
            Operation.insert(
                "Bridge",
                [
                    "name": name, "datapath_type": .string(datapath.rawValue), "fail_mode": "secure",
                    "ports": Value.named("p"), "other_config": Value.map(["disable-in-band": "true"]),
                ], as: "b"),
            Operation.mutate("Open_vSwitch", [], "bridges", "insert", Value.set([Value.named("b")])),
        ]
    }
}
