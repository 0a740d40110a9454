import CloudCore
import CloudStore
import CloudWire

extension Server {
    static let path = "/v2.1/{project_id}/servers"

    /// A server as Nova 2.1 and ECL show it.
    static func face(base: String, cabling: any Cabling) -> Face<Server> {
        Face(
            .compute, path, "server", "servers",
            [
                .id(), .field("name"), .field("description"), statusAttribute, .owner("tenant_id"), .field("user_id"),
                .field("metadata"), .created("created"), .updated("updated"), .field("key_name").emptyAsNull,
                .computed("image", "What its disk began as.") { (it, _) in
                    ["id": .string(it.image), "links": [bookmark(base, "images", it.image)]]
                },
                .computed("flavor", "Its size.") { (it, _) in
                    ["id": .string(it.flavor.text), "links": [bookmark(base, "flavors", it.flavor.text)]]
                },
                .computed("addresses", "Its addresses by network.") { (it, reader) throws(CloudError) in
                    addresses(try cabling.interfaces(of: Reference(it.id), in: reader))
                },
                .computed("links", "Where it is.") { (it, _) in
                    [
                        ["rel": "self", "href": .string("\(base)/compute/v2.1/\(it.project)/servers/\(it.id)")],
                        bookmark(base, "servers", it.id.text),
                    ]
                },
                .computed("hostId", "Names the host to its owner, and nobody else's servers on it.") { (it, _) in
                    .string(it.host.isEmpty ? "" : hostMark(it.project, it.host))
                },
                .computed("OS-EXT-AZ:availability_zone", "Where it runs.") { (it, reader) throws(CloudError) in
                    .string(try reader.find(ID<Host>(it.host))?.zone ?? it.zone)
                },
                .computed("OS-EXT-STS:vm_state", "What it does, in Nova's words.") { (it, _) in .string(vmState(it)) },
                .computed("OS-EXT-STS:task_state", "What is being done to it.") { (it, _) in
                    taskState(it).map(JSON.string) ?? .null
                },
                .computed("OS-EXT-STS:power_state", "1 running, 3 paused, 4 off.") { (it, _) in .integer(powerState(it))
                },
                .field("launched_at", as: "OS-SRV-USG:launched_at"),
                .computed("OS-SRV-USG:terminated_at", "It is not shown afterwards.") { (_, _) in .null },
                .computed("OS-DCF:diskConfig", "The disk is left as the image has it.") { (_, _) in "MANUAL" },
                .computed("accessIPv4", "Addresses are under addresses.") { (_, _) in "" },
                .computed("accessIPv6", "Addresses are under addresses.") { (_, _) in "" },
                .computed("config_drive", "Every server has one.") { (_, _) in "True" },
                .computed("progress", "100 once it has run.") { (it, _) in .integer(it.status == .build ? 0 : 100) },
                .computed("os-extended-volumes:volumes_attached", "Volumes beside its own disk.") { (_, _) in [] },
                .computed("security_groups", "Its groups.") { (_, _) in [["name": "default"]] },
            ])
    }

    private static let statusAttribute = Attribute<Server>.field("status")

    private static func bookmark(_ base: String, _ collection: String, _ id: String) -> JSON {
        ["rel": "bookmark", "href": .string("\(base)/compute/\(collection)/\(id)")]
    }

    private static func addresses(_ interfaces: [Interface]) -> JSON {
        var out: [String: [JSON]] = [:]
        for interface in interfaces {
            for address in interface.addresses {
                out[interface.networkName, default: []].append([
                    "addr": .string(address.description), "version": 4, "OS-EXT-IPS:type": "fixed",
                    "OS-EXT-IPS-MAC:mac_addr": .string(interface.mac.text),
                ])
            }
        }
        return .object(out.mapValues(JSON.array))
    }

    /// A digest of owner and host (FNV-1a): a tenant can tell its hosts apart, and nobody can name them.
    private static func hostMark(_ project: ProjectID, _ host: String) -> String {
        func digest(_ seed: UInt64) -> UInt64 {
            (project.text + host).utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return Hex.string(digest(0xcbf2_9ce4_8422_2325)) + Hex.string(digest(0x8422_2325_cbf2_9ce4))
    }

    private static func vmState(_ it: Stored<Server>) -> String {
        switch it.status {
        case .build: "building"
        case .active, .reboot: "active"
        case .shutoff: "stopped"
        case .paused: "paused"
        case .error: "error"
        }
    }

    private static func taskState(_ it: Stored<Server>) -> String? {
        if it.deletingSince != nil { return "deleting" }
        switch (it.status, it.power) {
        case (.build, _): return it.host.isEmpty ? "scheduling" : "spawning"
        case (.reboot, _): return "rebooting"
        case (.active, .off): return "powering-off"
        case (.shutoff, .on) where !it.isHalted: return "powering-on"
        case (.active, .paused): return "pausing"
        case (.paused, .on): return "unpausing"
        default: return nil
        }
    }

    private static func powerState(_ it: Stored<Server>) -> Int {
        switch it.status {
        case .active, .reboot: 1
        case .paused: 3
        case .shutoff: 4
        case .build, .error: 0
        }
    }
}

extension Attribute {
    /// The same, with null for empty text.
    var emptyAsNull: Self {
        let read = self.read
        return Attribute(
            name, column: column, type: type, rights: rights, help,
            read: { (it, reader) throws(CloudError) in
                let value = try read(it, reader)
                return value == "" ? .null : value
            }, write: write)
    }
}
