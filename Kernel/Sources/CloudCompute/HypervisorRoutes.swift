import CloudCore
import CloudStore
import CloudWire

/// The machines that run guests, as operators see them.
extension Compute {
    private static let path = "/v2.1/{project_id}/os-hypervisors"

    var hypervisorRoutes: [Route] {
        [
            hosts("", isDetailed: false), hosts("/detail", isDetailed: true), statistics,
            Route(
                .get, .compute, Self.path + "/{host_id}", action: "show", kind: Host.kind, rule: .operator,
                "Shows a machine that runs servers."
            ) {
                (call) throws(CloudError) in
                let id = call.parameter("host_id")
                return try await call.store.read { (reader) throws(CloudError) in
                    let hosts = try reader.list(Host.self, .everything(Host.kind))
                    guard let host = hosts.first(where: { $0.id.text == id || Self.number($0) == id }) else {
                        throw .missing("Hypervisor", id)
                    }
                    return .json(200, ["hypervisor": .object(try Self.describe(host, reader, call, isDetailed: true))])
                }
            },
        ]
    }

    private func hosts(_ suffix: String, isDetailed: Bool) -> Route {
        Route(
            .get, .compute, Self.path + suffix, action: "list", kind: Host.kind, rule: .operator,
            "Lists the machines that run servers."
        ) { (call) throws(CloudError) in
            let pattern = Pattern(call.request[query: "hypervisor_hostname_pattern"] ?? "")
            return try await call.store.read { (reader) throws(CloudError) in
                var out: [JSON] = []
                for host in try reader.list(Host.self, .everything(Host.kind)) where pattern.matches(host.id.text) {
                    out.append(.object(try Self.describe(host, reader, call, isDetailed: isDetailed)))
                }
                return .json(200, ["hypervisors": .array(out)])
            }
        }
    }

    /// A host's number, as old clients want one: a digest of its name (FNV-1a).
    private static func number(_ host: Stored<Host>) -> String {
        String(host.id.text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } >> 1)
    }

    private static func describe(
        _ host: Stored<Host>, _ reader: any Reader, _ call: Call, isDetailed: Bool
    ) throws(CloudError) -> [String: JSON] {
        let id: JSON = call.microversion >= 53 ? .string(host.id.text) : .integer(Int(number(host)) ?? 0)
        var out: [String: JSON] = [
            "id": id, "hypervisor_hostname": .string(host.id.text), "state": "up",
            "status": host.enabled ? "enabled" : "disabled",
        ]
        guard isDetailed else { return out }
        let servers = try reader.list(Server.self, where: "host", .string(host.id.text))
        let (memory, vcpus) = (servers.reduce(0) { $0 + $1.memory }, servers.reduce(0) { $0 + $1.vcpus })
        let disk = servers.reduce(0) { $0 + $1.disk }
        let facts: [String: JSON] = [
            "hypervisor_type": "QEMU", "hypervisor_version": 7_002_000, "host_ip": "127.0.0.1",
            "vcpus": .integer(host.vcpus),
            "vcpus_used": .integer(vcpus), "memory_mb": .integer(host.memory), "memory_mb_used": .integer(memory),
            "free_ram_mb": .integer(host.memory - memory), "local_gb": .integer(host.disk),
            "local_gb_used": .integer(disk),
            "free_disk_gb": .integer(host.disk - disk), "disk_available_least": .integer(host.disk),
            "running_vms": .integer(servers.count),
            "current_workload": 0, "cpu_info": call.microversion >= 28 ? ["arch": "x86_64"] : "{\"arch\": \"x86_64\"}",
            "service": ["host": .string(host.id.text), "id": id, "disabled_reason": .null],
        ]
        out.merge(facts) { _, new in new }
        return out
    }

    private var statistics: Route {
        Route(
            .get, .compute, Self.path + "/statistics", action: "show_statistics", kind: Host.kind, rule: .operator,
            "Adds up the machines that run servers."
        ) {
            (call) throws(CloudError) in
            try await call.store.read { (reader) throws(CloudError) in
                let names = [
                    "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "free_ram_mb", "local_gb", "local_gb_used",
                    "free_disk_gb",
                    "disk_available_least", "running_vms", "current_workload",
                ]
                let hosts = try reader.list(Host.self, .everything(Host.kind))
                var sums: [String: Int] = ["count": hosts.count]
                for host in hosts {
                    let facts = try Self.describe(host, reader, call, isDetailed: true)
                    for name in names { sums[name, default: 0] += facts[name]?.integer ?? 0 }
                }
                return .json(200, ["hypervisor_statistics": .object(sums.mapValues(JSON.integer))])
            }
        }
    }
}
