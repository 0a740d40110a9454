import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The network service: isolated networks, their addresses and ports.
public struct Network: Sendable {
    public static let schemas = [
        Schema(LogicalNetwork.self, labels: LogicalNetwork.Label.allCases.map(\.rawValue)), Schema(Subnet.self),
        Schema(Port.self, labels: Port.Label.allCases.map(\.rawValue)),
    ]

    private let fabric: any Fabric

    public init(fabric: any Fabric) { self.fabric = fabric }

    public var cabling: some Cabling { NetworkCabling(fabric: fabric) }

    public var routes: [Route] {
        LogicalNetwork.routes + Subnet.routes + Port.routes + [
            Route(.get, .network, "", action: "show", rule: .anyone, "Network's versions.") {
                (call) throws(CloudError) in .json(200, ["versions": [Self.version(call)]])
            },
            Route(
                .get, .network, "/v2.0/extensions", action: "list", rule: .signedIn,
                "Lists what goes beyond the network API's core."
            ) { (_) throws(CloudError) in .json(200, ["extensions": []]) },
        ]
    }

    private static func version(_ call: Call) -> JSON {
        ["id": "v2.0", "status": "CURRENT", "links": [["rel": "self", "href": .string(call.base + "/network/v2.0/")]]]
    }

    public func enroll(in engine: Engine) {
        engine.enroll(LogicalNetwork.self, world: fabric)
        engine.enroll(Port.self, world: fabric)
    }

    /// Removes what the fabric has and the store does not know. Looks below first: whatever is there then and has no
    /// record afterwards was deleted, or never belonged.
    public func sweep(_ store: any Store, hosts: [HostName]) async throws(CloudError) -> [String] {
        var removed: [String] = []
        for host in hosts {
            for plug in try await fabric.plugs(on: host).sorted() {
                let isWanted = try await store.read { (reader) throws(CloudError) in
                    guard let port = try reader.find(plug) else { return false }
                    // While its device starts, the port does not say yet which host carries it.
                    return !port.deviceID.isEmpty && (port.host.isEmpty || port.host == host.text)
                }
                if !isWanted {
                    try await fabric.removePlug(plug, on: host)
                    removed.append("plug \(plug)")
                }
            }
        }
        for port in try await fabric.ports().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(port) == nil }) {
            try await fabric.removePort(port)
            removed.append("port \(port)")
        }
        for network in try await fabric.networks().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(network) == nil }) {
            try await fabric.removeNetwork(network)
            removed.append("network \(network)")
        }
        return removed
    }
}
