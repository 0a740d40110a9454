import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A place on a logical network, with a hardware address and addresses that nobody else has there.
public struct Port: Lifecycle {
    public var network = ID<LogicalNetwork>("")
    public var name = "", description = "", adminUp = true
    public var mac: MAC?
    public var addresses: [FixedAddress] = []
    /// Whether nobody said which addresses: then it gets a free one of each family.
    var addressesAreOpen = true
    public var deviceID = "", deviceOwner = ""
    /// Whether it was made for its device and goes with it.
    public var isOwned = false
    /// The security groups that it is in.
    public var groups: [ID<SecurityGroup>] = []
    /// Whether nobody said which groups: then it is in the project's default one.
    var groupsAreOpen = true
    /// Whether it may send from its own addresses only, and hears only what its groups allow.
    public var isGuarded = true
    /// Whether nobody said so: then it is as its network says.
    var guardIsOpen = true
    public var pairs: [Pair] = []
    /// The host that an operator wants it on.
    public var wantedHost = ""
    public var tags: [String: String] = [:]
    public var status = Status.down, host = "", fault = ""
    /// Its name in DNS, of one label; empty where only its addresses have names.
    public var dnsName = ""
    /// Whether the cloud named it after its device, and the name goes with that.
    public var nameIsDevices = false
    /// What DHCP tells it beside what it tells its subnet.
    public var dhcpOptions: [DHCPOption] = []
    /// The VLAN that a physical port carries it in; 0 for none.
    public var segment = 0
    /// Whether nobody said which VLAN, and whether somebody said what sort of segment.
    var segmentIsOpen = true, segmentIsSaid = false
    /// How fast, and marked how, its packets are; its network's policy where it has none.
    public var policy: ID<QoSPolicy>?

    public enum Status: String, CaseIterable, Sendable {
        case active = "ACTIVE", down = "DOWN", build = "BUILD", error = "ERROR"
    }
    public enum Label: String, CaseIterable, Sendable { case join, destroy }

    public init() {}

    public static let kind = Kind("port", "ports", service: "network")
    public static let access = Access.project
    public static let fields: [Field<Port>] = [
        .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network it is on."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it carries packets."),
        .parsed("mac_address", \.mac, [.read, .create], max: 17, "Its hardware address, once on its network."),
        .value("fixed_ips", \.addresses, [.read, .create], max: 4096, "Its addresses."),
        .text("device_id", \.deviceID, [.read, .create, .update, .indexed], "What it is plugged into."),
        .text("device_owner", \.deviceOwner, [.read, .create, .update], "The sort of thing it is plugged into."),
        .boolean("is_owned", \.isOwned, [], "Whether it goes with its device."),
        Field(
            "security_groups", .json(max: 2048), [.read, .create, .update], "The groups that it is in.",
            get: { .array($0.groups.map { .string($0.text) }) },
            set: { $0.groups = ($1.array ?? []).compactMap(\.string).map(ID.init) }),
        .boolean(
            "port_security", \.isGuarded, [.read, .create, .update], "Whether it may send from its own addresses only."),
        .value(
            "allowed_address_pairs", \.pairs, [.read, .create, .update], max: 2048,
            "Further addresses that it may send from."),
        .text("wanted_host", \.wantedHost, [.create, .update], "The host that an operator wants it on."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .choice("status", \.status, [.read], "Whether a host carries it."),
        .text("host", \.host, [], "The host that carries it."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .text("dns_name", \.dnsName, [.read, .create, .update], max: 63, "Its name in DNS."),
        .boolean("name_is_devices", \.nameIsDevices, [], "Whether it is named after its device."),
        .value("extra_dhcp_opts", \.dhcpOptions, [.read, .create, .update], max: 8192, "Further DHCP options."),
        .reference("qos_policy_id", \.policy, [.read, .create, .update, .indexed], "The policy of its packets."),
        .integer("segmentation_id", \.segment, [.read, .create, .update], 0...4094, "Its VLAN on a physical port."),
    ]

    /// An address on a subnet.
    public struct FixedAddress: Hashable, Sendable, JSONConvertible {
        public var subnet: ID<Subnet>
        public var address: IPAddress?
        public init(subnet: ID<Subnet>, address: IPAddress?) { (self.subnet, self.address) = (subnet, address) }
        public init(json: JSON) throws(CloudError) {
            guard let object = json.object else { throw .invalid("an address is an object.") }
            subnet = ID(object["subnet_id"]?.string ?? "")
            address = nil
            guard let given = object["ip_address"] else { return }
            guard let read = given.string.flatMap({ IPAddress($0) }) else { throw .invalid("not an IP address.") }
            address = read
        }
        public var json: JSON {
            ["subnet_id": .string(subnet.text), "ip_address": .string(address?.description ?? "")]
        }
    }

    public static func step(
        _ label: Label, _ turn: inout Turn<Port>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .join:
            let it = turn.it
            let (spec, isOutside) = try await turn.store.read { (reader) throws(CloudError) -> (PortSpec?, Bool) in
                for group in it.groups where try reader.find(group)?.isWoven != true { return (nil, false) }
                guard try reader.get(it.network).status != .build else { return (nil, false) }
                return (try it.spec(in: reader), try it.physicalLink(in: reader) != nil)
            }
            // Whichever of them is not there yet says so when it is.
            guard let spec else { return .nap(.seconds(30)) }
            // What is on a physical port is found beyond it: packets for it must not look for it within.
            if isOutside { try await fabric.removePort(it.id) } else { try await fabric.ensurePort(spec) }
            let isCut = try await isCut(turn.it, in: fabric)
            let isCarried = !turn.it.host.isEmpty || turn.it.value.isRouters || isOutside
            turn.it.status = isCut ? .error : isCarried && turn.it.adminUp ? .active : .down
            turn.it.fault =
                isCut ? "Its connection to the server is gone; a hard reboot of the server makes it anew." : ""
            return .rest
        case .destroy:
            guard try await turn.it.isParted(turn.store, in: fabric) else { return .nap(.milliseconds(200)) }
            if !turn.it.host.isEmpty { try await fabric.removePlug(turn.it.id, on: ID(turn.it.host)) }
            try await fabric.removePort(turn.it.id)
            let id = turn.it.id
            turn.also { (writer) throws(CloudError) in
                try NetworkLog.forget("target_id", id.text, in: writer)
                try TapFlow.forget(id, in: writer)
            }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Port>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The port could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }

    /// Whether the device that a running server holds is gone from its host. Another of the same name would not be
    /// the one that the server has open.
    private static func isCut(_ it: Stored<Port>, in fabric: any Fabric) async throws(CloudError) -> Bool {
        guard !it.host.isEmpty else { return false }
        return try await !fabric.plugs(on: ID(it.host)).contains(it.id)
    }

    /// The space in which the hardware addresses of a network's ports are claimed.
    static func hardware(_ network: ID<LogicalNetwork>) -> String { "mac:" + network.text }

    /// `port A, port B (of server C)`, for messages.
    static func describe(_ ports: [Stored<Port>]) -> String {
        let names = ports.prefix(3).map { port in
            "port \(port.id)" + (port.deviceID.isEmpty ? "" : " (of \(port.deviceOwner) \(port.deviceID))")
        }
        return names.joined(separator: ", ") + (ports.count > 3 ? ", …" : "")
    }
}

extension Stored where R == Port {
    /// What the fabric is told of it.
    func spec(in reader: any Reader) throws(CloudError) -> PortSpec {
        guard let mac = value.mac else { throw .fault("port \(id) has no hardware address") }
        var spec = PortSpec(
            id: id, network: value.network, mac: mac,
            addresses: value.addresses.compactMap { it in it.address.map { PortAddress(subnet: it.subnet, address: $0) }
            },
            adminUp: value.adminUp)
        spec.groups = Set(value.groups)
        (spec.isGuarded, spec.isRouter) = (value.isGuarded, value.isRouters)
        spec.pairs = value.pairs.map { AddressPair(mac: $0.mac ?? mac, prefix: $0.prefix) }
        guard !value.isRouters else {
            spec.shaping = try Gateway.shaping(of: self, in: reader)
            return spec
        }
        if try NetworkLog.wants(.drop, of: self, in: reader) { spec.logsDropsFor = project }
        (spec.hostName, spec.names, spec.options) = (value.dnsName, value.hostNames, value.dhcpOptions)
        let network = try reader.get(value.network)
        spec.domain = String(network.domain.dropLast())
        spec.shaping = try QoSPolicy.shaping(value.policy ?? network.policy, in: reader)
        spec.told = try told(in: reader)
        return spec
    }
}

extension Port: Metered {
    public static let quota = 500

    public static func admit(_ draft: inout Stored<Port>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        let network = try writer.get(draft.network, for: caller)
        try draft.requireGuest(was: nil, on: network, caller, in: writer)
        try draft.value.refuseReserved(caller)
        let mac = draft.mac ?? freshMAC(draft.id)
        draft.value.mac = mac
        do throws(CloudError) {
            try writer.claim(Port.hardware(network.id), mac.text, for: Reference(draft.id))
        } catch  where error.code == .conflict {
            throw .conflict(
                "Unable to complete operation for network \(network.id). The mac address \(mac.text) is in use.")
        }
        // Whatever its network's owner thinks of guards: a guest of another project's is guarded.
        if draft.value.guardIsOpen { draft.value.isGuarded = network.portSecurity || network.project != draft.project }
        try draft.value.guardItself(was: nil, id: draft.id, project: draft.project, caller, in: writer)
        try draft.value.takeName(was: "", id: draft.id, in: writer)
        if let policy = draft.policy { _ = try writer.get(policy, for: caller) }
        try draft.value.takeAddresses(for: Reference(draft.id), in: writer)
        try draft.takeSegment(was: nil, in: writer)
    }

    /// Whether it is where a router is joined to its network. Only the cloud makes such ports.
    public var isRouters: Bool { isOwned && deviceOwner.hasPrefix("network:router_") }

    public static func admitChange(
        of it: inout Stored<Port>, from old: Stored<Port>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if it.deviceOwner != old.deviceOwner { try it.value.refuseReserved(caller) }
        if old.value.isRouters, it.deviceID != old.deviceID || it.deviceOwner != old.deviceOwner {
            throw .conflict("Port \(it.id) is in use by router \(old.deviceID).")
        }
        try old.value.refuseServiceChange(to: it.value)
        try it.requireAgreed(was: old, in: writer)
        try it.requireGuest(was: old, on: try writer.get(it.network), caller, in: writer)
        try it.value.guardItself(was: old.value, id: it.id, project: it.project, caller, in: writer)
        try it.value.takeName(was: old.dnsName, id: it.id, in: writer)
        if it.dnsName != old.dnsName { it.value.nameIsDevices = false }
        if let policy = it.policy, policy != old.policy { _ = try writer.get(policy, for: caller) }
        try it.takeSegment(was: old, in: writer)
        if !it.value.addressesAreOpen, it.addresses != old.addresses {
            try it.value.exchangeAddresses(for: it.id, was: old.value, in: writer)
            if it.value.isRouters { try Router.refresh(ID(it.deviceID), in: writer) }
            try FloatingIP.letGo(of: it, keeping: Set(it.addresses.compactMap(\.address?.v4)), in: writer)
        }
        // Only the cloud takes a port out of a server; were a tenant to name another server, the port's cable would
        // come out in there, whoever owns it.
        if old.deviceOwner.hasPrefix("compute:"), !old.deviceID.isEmpty,
            it.deviceID != old.deviceID || it.deviceOwner != old.deviceOwner
        {
            throw .conflict("Port \(it.id) is in use by server \(old.deviceID).")
        }
    }

    public static func admitRemoval(of it: Stored<Port>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        if it.deviceOwner.hasPrefix("compute:"), !it.deviceID.isEmpty {
            throw .conflict("Port \(it.id) is in use by server \(it.deviceID).")
        }
        if it.value.isRouters || it.value.isService {
            throw .conflict(
                "Port \(it.id) cannot be deleted directly via the port API: has device owner \(it.deviceOwner).")
        }
        try FloatingIP.letGo(of: it, in: writer)
        if try it.physicalLink(in: writer) != nil {
            var network = try writer.get(it.network)
            try writer.change(&network)
        }
        // Nothing speaks from a port that no host carries: its addresses and its name are free at once.
        guard it.host.isEmpty else { return }
        for own in it.addresses {
            if let address = own.address { try writer.release(Subnet.space(own.subnet), address.description) }
        }
        if !it.dnsName.isEmpty { try writer.release(names(it.network), it.dnsName) }
    }

    /// `network:…`, `storage:…` and `compute:…` are the cloud's own marks: a tenant's port must not pass for one of them.
    private func refuseReserved(_ caller: Caller) throws(CloudError) {
        guard
            deviceOwner.hasPrefix("network:") || deviceOwner.hasPrefix(Self.servicePrefix)
                || (deviceOwner.hasPrefix("compute:") && !isOwned)
        else { return }
        guard caller.isOperator else {
            throw CloudError(
                .forbidden, "The device_owner '\(deviceOwner)' is for the cloud's own ports.", field: "device_owner")
        }
    }

    /// A locally administered address that follows from the id: unlike any other with the luck of 32 bits,
    /// and refused by the store where it is not.
    static func freshMAC(_ id: ID<Port>) -> MAC {
        let digits = Array(id.text.filter { $0 != "-" }.prefix(8))
        let pairs = stride(from: 0, to: 8, by: 2).map { String(digits[$0...$0 + 1]) }
        return MAC("fa:16:" + pairs.joined(separator: ":"))!
    }
}

extension Port {
    static let face = Face<Port>(
        .network, "/v2.0/ports", "port", "ports",
        [
            .id(), .field("network_id"), .field("name"), .field("description"), .field("admin_state_up"),
            macAttribute, addressAttribute, .field("device_id"), .field("device_owner"), .eclTags(), .openstackTags(),
            .field("status"),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            groupAttribute, guardAttribute, .field("allowed_address_pairs"), .revision(),
            segmentAttributes[0].only(for: .ecl), segmentAttributes[1].only(for: .ecl), QoSPolicy.attribute(\.policy),
            .computed("qos_network_policy_id", "Its network's policy.") { (it, reader) throws(CloudError) in
                try reader.find(it.network)?.policy.map { .string($0.text) } ?? .null
            }.only(for: .openstack), optionAttribute, nameAttribute.only(for: .openstack),
            assignment.only(for: .openstack),
            .fixed("binding:vnic_type", "normal", "What sort of card it is for.").only(for: .openstack),
            .field("wanted_host", as: "binding:host_id", rights: [.create, .update]).only(for: .operators).reading {
                (it) in .string(it.host.isEmpty ? it.wantedHost : it.host)
            },
            .computed("binding:vif_type", "How it is carried.") { (it, _) in
                it.host.isEmpty && it.wantedHost.isEmpty ? "unbound" : "ovs"
            }.only(for: .operators),
            .computed("binding:vif_details", "More about how it is carried.") { (_, _) in ["port_filter": true] }
                .only(for: .operators),
            .fixed("binding:profile", [:], "What the host is told of it: nothing.").only(for: .operators),
            .computed("managed_by_service", "Whether the cloud manages it for a device.") { (it, _) in .bool(it.isOwned)
            },
        ])

    private static let macAttribute = Attribute<Port>(
        "mac_address", column: "mac_address", type: .text(max: 17, lines: false), rights: [.read, .create],
        "Its hardware address.",
        read: { (it, _) throws(CloudError) in .string(it.mac?.text ?? "") },
        write: { (port, json) throws(CloudError) in
            guard let mac = json.string.flatMap({ MAC($0) }) else {
                throw .invalid(
                    "Invalid input for mac_address: not a hardware address of one card.", field: "mac_address")
            }
            port.mac = mac
        })

    private static let addressAttribute = Attribute<Port>(
        "fixed_ips", type: .json(max: 4096), rights: [.read, .create, .update], "Its addresses.",
        read: { (it, _) throws(CloudError) in it.addresses.json },
        write: { (port, json) throws(CloudError) in
            port.addresses = try [FixedAddress](json: json.isNull ? [] : json)
            port.addressesAreOpen = false
        })

    private static let nameAttribute = Attribute<Port>(
        "dns_name", column: "dns_name", type: .text(max: 63, lines: false), rights: [.read, .create, .update],
        "Its name in its network's DNS.",
        read: { (it, _) throws(CloudError) in .string(it.dnsName) },
        write: { (port, json) throws(CloudError) in
            guard !json.isNull else { return port.dnsName = "" }
            try FieldType.text(max: 63, lines: false).check(json, name: "dns_name")
            port.dnsName = json.string?.lowercased() ?? ""
        })

    private static let optionAttribute = Attribute<Port>(
        "extra_dhcp_opts", type: .json(max: 8192), rights: [.read, .create, .update],
        "What DHCP tells it beside what it tells its subnet.",
        read: { (it, _) throws(CloudError) in it.dhcpOptions.json },
        write: { (port, json) throws(CloudError) in try port.take(options: json) })

    private static let groupAttribute = Attribute<Port>(
        "security_groups", type: .json(max: 2048), rights: [.read, .create, .update], "The groups that it is in.",
        read: { (it, _) throws(CloudError) in .array(it.groups.map { .string($0.text) }) },
        write: { (port, json) throws(CloudError) in
            port.groups = try [String](json: json.isNull ? [] : json).map(ID.init)
            port.groupsAreOpen = false
        })

    private static let guardAttribute = Attribute<Port>(
        "port_security_enabled", column: "port_security", type: .boolean, rights: [.read, .create, .update],
        "Whether it may send only from its own addresses.",
        read: { (it, _) throws(CloudError) in .bool(it.isGuarded) },
        write: { (port, json) throws(CloudError) in
            guard let flag = json.bool else {
                throw .invalid(
                    "Invalid input for port_security_enabled: not true or false.", field: "port_security_enabled")
            }
            (port.isGuarded, port.guardIsOpen) = (flag, false)
        })

    static let routes = [
        face.list(), face.show(), face.create(example: ["port": ["network_id": "{network}", "name": "front"]]),
        face.update(example: ["port": ["name": "back"]]), face.delete(),
    ]
}
