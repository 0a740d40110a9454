import CloudCore
import CloudStore
import CloudWire

extension Server {
    static let path = "/v2.1/{project_id}/servers"

    /// A server as Nova 2.1 and ECL show it.
    static func face(base: String, cabling: any Cabling, shelf: any Shelf) -> Face<Server> {
        Face(
            .compute, path, "server", "servers",
            [
                .id(), .field("name"), statusAttribute, .owner("tenant_id"), .field("user_id"),
                .field("metadata"), .created("created"), .updated("updated"), .field("key_name").emptyAsNull,
                .computed("image", "What its disk began as.") { (it, _) in
                    ["id": .string(it.image), "links": [bookmark(base, "images", it.image)]]
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
                .field("disk_config", as: "OS-DCF:diskConfig"), .field("access_ipv4", as: "accessIPv4"),
                .field("access_ipv6", as: "accessIPv6"),
                .computed("config_drive", "Every server has one.") { (_, _) in "True" },
                .computed("os-extended-volumes:volumes_attached", "Volumes beside its own disk.") {
                    (it, reader) throws(CloudError) in
                    .array(
                        try shelf.disks(of: Reference(it.id), in: reader).map {
                            ["id": .string($0.volume), "delete_on_termination": .bool($0.goesWithServer)]
                        })
                },
                .computed("security_groups", "Its groups.") { (it, reader) throws(CloudError) in
                    .array(
                        try cabling.groupNames(of: Reference(it.id), in: reader).map { ["name": .string($0)] })
                },
            ])
    }

    /// What the versions of Nova's API have added, and the flavor, which 2.47 shows whole.
    static func writeVersioned(
        _ it: Stored<Server>, _ reader: any Reader, _ call: Call, _ base: String, isWhole: Bool,
        into out: inout JSONWriter
    ) throws(CloudError) {
        let version = call.microversion
        out.field(
            "flavor",
            version < 47
                ? ["id": .string(it.flavor.text), "links": [bookmark(base, "flavors", it.flavor.text)]]
                : try flavor(it, reader))
        if isWhole, call.caller.isOperator {
            let host: JSON = it.host.isEmpty ? .null : .string(it.host)
            out.field("OS-EXT-SRV-ATTR:host", host)
            out.field("OS-EXT-SRV-ATTR:hypervisor_hostname", host)
            out.field("OS-EXT-SRV-ATTR:instance_name", .string(it.id.text))
            if version >= 16 {
                out.field(
                    "host_status", .string(try reader.find(ID<Host>(it.host))?.enabled == false ? "MAINTENANCE" : "UP"))
            }
        }
        if isWhole, version >= 3, call.caller.isOperator { operatorAttributes(it, into: &out) }
        if version >= 9 { out.field("locked", .bool(it.isLocked)) }
        if version >= 19 { out.field("description", it.description.isEmpty ? .null : .string(it.description)) }
        if version >= 26 { out.field("tags", it.tags.json) }
        if version >= 63 { out.field("trusted_image_certificates", .null) }
        if version >= 73 { out.field("locked_reason", it.lockReason.isEmpty ? .null : .string(it.lockReason)) }
    }

    private static func operatorAttributes(_ it: Stored<Server>, into out: inout JSONWriter) {
        let facts: [(String, JSON)] = [
            ("hostname", .string(it.hostName)), ("launch_index", 0), ("reservation_id", ""), ("kernel_id", ""),
            ("ramdisk_id", ""), ("root_device_name", "/dev/vda"),
            ("user_data", it.userData.isEmpty ? .null : .string(it.userData)),
        ]
        for (name, value) in facts { out.field("OS-EXT-SRV-ATTR:" + name, value) }
    }

    private static func flavor(_ it: Stored<Server>, _ reader: any Reader) throws(CloudError) -> JSON {
        let flavor = try reader.find(it.flavor)
        return [
            "original_name": .string(flavor?.value.name ?? it.flavor.text), "vcpus": .integer(it.vcpus),
            "ram": .integer(it.memory),
            "disk": .integer(flavor?.value.disk ?? it.disk), "ephemeral": 0, "swap": 0,
            "extra_specs": flavor?.extraSpecs.json ?? [:],
        ]
    }

    private static let statusAttribute = Attribute<Server>.field("status")

    private static func bookmark(_ base: String, _ collection: String, _ id: String) -> JSON {
        ["rel": "bookmark", "href": .string("\(base)/compute/\(collection)/\(id)")]
    }

    static func addresses(_ interfaces: [Interface], isDetailed: Bool = true) -> JSON {
        var out: [String: [JSON]] = [:]
        for interface in interfaces {
            out[interface.networkName, default: []] += []
            for address in interface.addresses.map(\.address) {
                var entry: [String: JSON] = [
                    "addr": .string(address.description), "version": address.isIPv6 ? 6 : 4,
                ]
                if isDetailed {
                    entry["OS-EXT-IPS:type"] = "fixed"
                    entry["OS-EXT-IPS-MAC:mac_addr"] = .string(interface.mac.text)
                }
                out[interface.networkName, default: []].append(.object(entry))
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

    static func vmState(_ it: Stored<Server>) -> String {
        switch it.status {
        case .build: "building"
        case .active, .reboot, .rebuild, .resize: "active"
        case .verifyResize, .revertResize: "resized"
        case .suspended: "suspended"
        case .shutoff: "stopped"
        case .paused: "paused"
        case .error: "error"
        }
    }

    static func taskState(_ it: Stored<Server>) -> String? {
        if it.deletingSince != nil { return "deleting" }
        if !it.snapshot.isEmpty { return "image_uploading" }
        switch (it.status, it.power) {
        case (.build, _): return it.host.isEmpty ? "scheduling" : "spawning"
        case (.reboot, _): return "rebooting"
        case (.rebuild, _): return "rebuilding"
        case (.resize, _): return "resize_migrating"
        case (.revertResize, _): return "resize_reverting"
        case (.active, .suspended): return "suspending"
        case (.suspended, .on): return "resuming"
        case (.active, .off): return "powering-off"
        case (.shutoff, .on) where !it.isHalted: return "powering-on"
        case (.active, .paused): return "pausing"
        case (.paused, .on): return "unpausing"
        default: return nil
        }
    }

    static func powerState(_ it: Stored<Server>) -> Int {
        switch it.status {
        case .active, .reboot, .rebuild, .resize, .revertResize: 1
        case .verifyResize: it.power == .on ? 1 : 4
        case .paused: 3
        case .shutoff, .suspended: 4
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
