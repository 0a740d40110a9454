import CloudCore
import CloudHost
import CloudNetwork
import Synchronization

/// Logical networks in OVN. The truth is in OVN's databases; every call compares with what is there.
///
/// Ports reach each other within their network and nothing else. What a port sends carries its own addresses; no port
/// may answer DHCP or advertise itself as a router: OVN answers DHCP.
public struct OVNFabric: Fabric {
    let host: HostName
    let namespace: NetworkNamespace
    /// The host's own database.
    let local: OVSDB
    /// The northbound and southbound databases.
    let central: OVSDB
    /// Whether OVN may answer DNS here.
    let answersNames: Bool
    let unsettled = Unsettled()

    /// Devices that were plugged and of which ovn-controller has not yet said that they are in force.
    final class Unsettled: Sendable {
        private let names = Mutex(Set<String>())
        func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
        func subtract(_ done: Set<String>) { names.withLock { $0.subtract(done) } }
        var all: Set<String> { names.withLock { $0 } }
    }

    public func settle(on host: HostName) async throws(CloudError) {
        try check(host)
        try await settle(within: Self.patience)
    }

    private func settle(within limit: Duration) async throws(CloudError) {
        let results = try await central.transact(
            .north,
            [
                Operation.mutate("NB_Global", [], "nb_cfg", "+=", 1),
                Operation.select("NB_Global", [], ["nb_cfg"]),
            ])
        guard let number = results[1]["rows"]?[0]?["nb_cfg"]?.integer else { throw .fault("NB_Global is empty") }
        try await wait(
            for: "host \(host) to take up configuration \(number)", .south, of: central,
            [Self.reached(number, host, within: limit)], limit: limit)
        let devices = unsettled.all
        guard !devices.isEmpty else { return }
        // Forgotten even if they never come: the fault of one must not delay all others for ever.
        defer { unsettled.subtract(devices) }
        try await wait(
            for: "\(devices.sorted()) to be in force", .host, of: local, devices.sorted().map(Self.installed))
    }

    /// Returns when ovn-controller has made itself known and has taken up all configuration.
    func waitForHost(within limit: Duration) async throws(CloudError) {
        try await wait(
            for: "ovn-controller of \(host)", .south, of: central, [Self.reached(0, host, within: limit)], limit: limit)
        try await settle(within: limit)
    }

    func close() async {
        await local.close()
        await central.close()
    }

    /// Refuses calls for a machine that this process does not look after.
    func check(_ host: HostName) throws(CloudError) {
        guard host == self.host else { throw .unavailable("network", "this is host \(self.host), not \(host)") }
    }

    /// How long a change may take until it is in force.
    static let patience = Duration.seconds(10)

    /// A `wait` operation answers as soon as it holds, so nothing is polled; its own timeout makes it fail.
    func wait(
        for what: String, _ database: OVSDB.Database, of server: OVSDB, _ operations: [JSON],
        limit: Duration = patience
    ) async throws(CloudError) {
        do {
            try await server.transact(database, operations, within: limit + .seconds(1), repeatable: true)
        } catch  where error.code == .stale {
            throw CloudError(.timeout, "The network did not take up the change in time.", detail: "waiting for \(what)")
        }
    }

    private static func reached(_ number: Int, _ host: HostName, within limit: Duration) -> JSON {
        Operation.expectSome(
            "Chassis_Private", [Where.name(host.text), ["nb_cfg", ">=", .integer(number)]], column: "name",
            timeout: limit)
    }

    private static func installed(_ device: String) -> JSON {
        Operation.expectSome(
            "Interface", [Where.name(device), Where.mark("ovn-installed", "true")], column: "name", timeout: patience)
    }
}

extension OVNFabric {
    /// Reads, decides and writes; where another was faster (`stale`, `conflict`), once more from the start.
    func repeating(_ attempt: () async throws(CloudError) -> Void) async throws(CloudError) {
        for _ in 0..<3 {
            do { return try await attempt() } catch  where error.code == .stale || error.code == .conflict { continue }
        }
        try await attempt()
    }

    /// The text of an id, where it is safe in names and matches.
    static func safe<T>(_ id: ID<T>) throws(CloudError) -> String {
        guard id.isPlain else { throw .fault("\(id) is no id that OVN may be told") }
        return id.text
    }
}
