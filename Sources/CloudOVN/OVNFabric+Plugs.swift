import CloudCore
import CloudHost
import CloudNetwork

extension OVNFabric {
    public func ensurePlug(
        _ port: ID<Port>, uid: Int, mtu: Int, on host: HostName
    ) async throws(CloudError) -> String {
        try check(host)
        let id = try Self.safe(port)
        let device = Plug.device(of: port)
        let namespace = namespace
        try await repeating { () throws(CloudError) in
            let found = try await local.transact(
                .host, [Operation.select("Interface", [Where.name(device)], ["_uuid", "external_ids"])])
            let row = found[0]["rows"]?[0]
            let marks = Value.pairs(row?["external_ids"])
            guard row == nil || marks[Mark.port] == id else {
                throw .fault("\(device) is the device of port \(marks[Mark.port] ?? "nobody")")
            }
            let isOwned = marks[Mark.user] == String(uid)
            let there = try await Inside.run(namespace) { () throws(CloudError) in try Tap.mtu(device) }
            if let row, let there {
                if marks["ovn-installed"] != "true" { unsettled.insert(device) }
                // Not touched where nothing changes: a guest may be opening it just now.
                if there == mtu, isOwned { return }
                try await Inside.run(namespace) { () throws(CloudError) in
                    if isOwned { try Tap.bringUp(device, mtu: mtu) } else { try Tap.ensure(device, uid: uid, mtu: mtu) }
                }
                if !isOwned { try await local.transact(.host, Self.changeUser(row, uid)) }
            } else {
                // A row without a device is from before a reboot, and says of a device long gone that it is in force.
                if row != nil { try await removeRow(device) }
                try await Inside.run(namespace) { () throws(CloudError) in
                    try Tap.ensure(device, uid: uid, mtu: mtu)
                }
                try await local.transact(.host, Self.makePlug(device, id, uid))
                unsettled.insert(device)
            }
        }
        return device
    }

    public func removePlug(_ port: ID<Port>, on host: HostName) async throws(CloudError) {
        try check(host)
        let id = try Self.safe(port)
        let device = Plug.device(of: port)
        unsettled.subtract([device])
        let found = try await local.transact(
            .host, [Operation.select("Interface", [Where.name(device)], ["external_ids"])])
        if let row = found[0]["rows"]?[0] {
            // Another port's, whose id begins alike.
            guard Value.pairs(row["external_ids"])[Mark.port] == id else { return }
            try await removeRow(device)
        }
        guard namespace.isThere else { return }
        try await Inside.run(namespace) { () throws(CloudError) in try Tap.remove(device) }
    }

    public func plugs(on host: HostName) async throws(CloudError) -> Set<ID<Port>> {
        try check(host)
        return Set(try await interfaces().compactMap { $0.marks[Mark.port] }.map(ID.init))
    }

    /// The names of the devices that have a row.
    func devices() async throws(CloudError) -> Set<String> { Set(try await interfaces().map(\.name)) }

    private func interfaces() async throws(CloudError) -> [(name: String, marks: [String: String])] {
        let found = try await local.transact(
            .host, [Operation.select("Interface", [], ["name", "external_ids"])], repeatable: true)
        return (found[0]["rows"]?.array ?? []).map { ($0["name"]?.string ?? "", Value.pairs($0["external_ids"])) }
    }

    /// Returns when ovs-vswitchd has let go of the device: a new one of the same name that comes before would be deaf.
    func removeRow(_ device: String) async throws(CloudError) {
        let found = try await local.transact(.host, [Operation.select("Port", [Where.name(device)], ["_uuid"])])
        guard let row = found[0]["rows"]?[0]?["_uuid"] else { return }
        try await takeUp(
            [Operation.mutate("Bridge", [Where.name(OVNPaths.bridgeName)], "ports", "delete", Value.set([row]))],
            for: "ovs-vswitchd to let go of \(device)")
    }

    /// Writes into the host's database and returns when ovs-vswitchd has taken it up.
    func takeUp(_ changes: [JSON], for what: String) async throws(CloudError) {
        let results = try await local.transact(
            .host,
            changes + [
                Operation.mutate("Open_vSwitch", [], "next_cfg", "+=", 1),
                Operation.select("Open_vSwitch", [], ["next_cfg"]),
            ])
        let number = results[changes.count + 1]["rows"]?[0]?["next_cfg"] ?? 0
        try await wait(
            for: what, .host, of: local,
            [
                Operation.expectSome(
                    "Open_vSwitch", [["cur_cfg", ">=", number]], column: "cur_cfg", timeout: Self.patience)
            ])
    }

    static func makePlug(_ device: String, _ port: String, _ uid: Int) -> [JSON] {
        let marks = ["iface-id": port, Mark.port: port, Mark.user: String(uid)]
        return [
            Operation.expectNone("Port", [Where.name(device)]),
            Operation.insert(
                "Interface", ["name": .string(device), "external_ids": Value.map(marks)], as: "i"),
            Operation.insert("Port", ["name": .string(device), "interfaces": Value.named("i")], as: "p"),
            Operation.mutate(
                "Bridge", [Where.name(OVNPaths.bridgeName)], "ports", "insert", Value.set([Value.named("p")])),
        ] + rejoinMirrors(port, row: Value.named("p"))
    }

    /// Key by key: the same column holds what ovn-controller writes.
    private static func changeUser(_ row: JSON, _ uid: Int) -> [JSON] {
        let this = [Where.uuid(row["_uuid"] ?? .null)]
        return [
            Operation.mutate("Interface", this, "external_ids", "delete", Value.set([.string(Mark.user)])),
            Operation.mutate("Interface", this, "external_ids", "insert", Value.map([Mark.user: String(uid)])),
        ]
    }
}
