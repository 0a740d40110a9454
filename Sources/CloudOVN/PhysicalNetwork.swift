import CloudCore
import CloudHost
import CloudNetwork

/// A network outside of the cloud, by the operator's name, and this host's device that leads there.
public struct PhysicalNetwork: Hashable, Sendable {
    /// 1 to 12 of `a` to `z` and `0` to `9`.
    public let name: String
    /// A device of the host, or one that is in OVN's namespace already.
    public let device: String
    /// Whether somebody else brings the device into OVN's namespace, now or later.
    private let isBrought: Bool

    /// - Throws: `invalid` where the name or the device's cannot be one.
    public init(name: String, device: String, isBrought: Bool = false) throws(CloudError) {
        guard PhysicalName.isValid(name) else {
            throw .invalid("A physical network's name is 1 to 12 of a to z and 0 to 9, not '\(name)'.")
        }
        let isSafe = device.utf8.allSatisfy { $0 > 0x2c && $0 < 0x7b && $0 != 0x2f }
        guard (1...15).contains(device.utf8.count), isSafe, !device.hasPrefix(Plug.prefix) else {
            throw .invalid("'\(device)' is no device for a physical network; guests' begin with '\(Plug.prefix)'.")
        }
        (self.name, self.device, self.isBrought) = (name, device, isBrought)
    }

    /// Reads `NAME=DEVICE`.
    public init(_ text: String) throws(CloudError) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2 else { throw .invalid("'\(text)' is not NAME=DEVICE.") }
        try self.init(name: sides[0], device: sides[1])
    }

    var bridge: String { "br-\(name)" }

    /// Brings the device into the namespace, and up.
    func ensureDevice(in namespace: NetworkNamespace) async throws(CloudError) {
        guard !isBrought else { return }
        let device = device
        let isThere = try await Inside.run(namespace) { () throws(CloudError) in try Tap.mtu(device) != nil }
        if !isThere {
            let moved = try await Command.end(["ip", "link", "set", device, "netns", namespace.name])
            guard moved.code == 0 else {
                throw .unavailable(
                    "network", "device \(device) of physical network \(name) cannot be taken: \(moved.complaint)")
            }
        }
        try await Command.run(["ip", "-n", namespace.name, "link", "set", device, "up"])
    }

    /// What `ovn-bridge-mappings` says of several.
    static func mappings(_ all: [PhysicalNetwork]) -> String {
        all.map { "\($0.name):\($0.bridge)" }.joined(separator: ",")
    }

    /// Makes the bridges with their devices, and removes those of physical networks that are none any more.
    static func ensureBridges(
        _ all: [PhysicalNetwork], datapath: OVNEngine.Datapath, in local: OVSDB
    ) async throws(CloudError) {
        let found = try await local.transact(
            .host,
            [
                Operation.select("Bridge", [], ["_uuid", "name", "ports"]),
                Operation.select("Port", [], ["_uuid", "name"]),
            ])
        let bridges = found[0]["rows"]?.array ?? []
        let names = Dictionary(
            (found[1]["rows"]?.array ?? []).map { ($0["_uuid"] ?? .null, $0["name"]?.string ?? "") },
            uniquingKeysWith: { first, _ in first })
        var changes: [JSON] = []
        let wanted = Set(all.map(\.bridge) + [OVNPaths.bridgeName])
        for row in bridges where !wanted.contains(row["name"]?.string ?? "") {
            changes.append(
                Operation.mutate("Open_vSwitch", [], "bridges", "delete", Value.set([row["_uuid"] ?? .null])))
        }
        for (place, physical) in all.enumerated() {
            let row = bridges.first { $0["name"]?.string == physical.bridge }
            let ports = Value.items(row?["ports"])
            if row == nil { changes += physical.makeBridge(place, datapath) }
            // Patch ports are ovn-controller's; of devices there is one.
            for port in ports {
                let name = names[port] ?? ""
                if name == physical.bridge || name == physical.device || name.hasPrefix("patch-") { continue }
                changes.append(
                    Operation.mutate("Bridge", [Where.name(physical.bridge)], "ports", "delete", Value.set([port])))
            }
            if !ports.contains(where: { names[$0] == physical.device }) { changes += physical.addDevice(place) }
        }
        if !changes.isEmpty { try await local.transact(.host, changes) }
    }

    private func makeBridge(_ place: Int, _ datapath: OVNEngine.Datapath) -> [JSON] {
        [
            Operation.insert("Interface", ["name": .string(bridge), "type": "internal"], as: "bi\(place)"),
            Operation.insert(
                "Port", ["name": .string(bridge), "interfaces": Value.named("bi\(place)")], as: "bp\(place)"),
            Operation.insert(
                "Bridge",
                [
                    "name": .string(bridge), "datapath_type": .string(datapath.rawValue), "fail_mode": "standalone",
                    "ports": Value.named("bp\(place)"), "other_config": Value.map(["disable-in-band": "true"]),
                ], as: "b\(place)"),
            Operation.mutate("Open_vSwitch", [], "bridges", "insert", Value.set([Value.named("b\(place)")])),
        ]
    }

    private func addDevice(_ place: Int) -> [JSON] {
        [
            Operation.insert("Interface", ["name": .string(device)], as: "di\(place)"),
            Operation.insert(
                "Port", ["name": .string(device), "interfaces": Value.named("di\(place)")], as: "dp\(place)"),
            Operation.mutate(
                "Bridge", [Where.name(bridge)], "ports", "insert", Value.set([Value.named("dp\(place)")])),
        ]
    }
}
