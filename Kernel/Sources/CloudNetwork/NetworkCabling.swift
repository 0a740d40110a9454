import CloudCore
import CloudStore

/// Gives servers their ports.
public struct NetworkCabling: Cabling {
    private let fabric: any Fabric

    public init(fabric: any Fabric) { self.fabric = fabric }

    public func order(
        _ wishes: [InterfaceWish], anyNetwork: Bool, groups: [String], for device: Reference, name: String,
        owner: String, caller: Caller, dice: any Dice, in writer: any Writer
    ) throws(CloudError) {
        let members = try SecurityGroup.named(groups, by: caller, in: writer)
        for wish in anyNetwork ? try onlyNetwork(of: caller, in: writer) : wishes {
            if let existing = wish.port {
                _ = try writer.revise(ID<Port>(existing), for: caller) { (port) throws(CloudError) in
                    guard port.project == caller.project || caller.isOperator else {
                        throw .missing(Port.kind.title, existing)
                    }
                    guard port.deviceID.isEmpty else { throw .conflict("Port \(existing) is in use.") }
                    guard port.segment == 0 else {
                        throw .conflict("Port \(existing) is in a VLAN, and a server's card has none.")
                    }
                    port.deviceID = device.id
                    port.value.isOwned = false
                }
                // Marked after the rules have passed: a tenant may not set this mark, the cloud may.
                var port = try writer.get(ID<Port>(existing))
                port.deviceOwner = owner
                if port.dnsName.isEmpty {
                    port.dnsName = try port.value.freeName(name, id: port.id, in: writer)
                    port.nameIsDevices = true
                    try port.value.takeName(was: "", id: port.id, in: writer)
                }
                try writer.update(&port)
                continue
            }
            guard let network = wish.network else {
                throw .invalid("A network needs a uuid or a port.", field: "networks")
            }
            var draft = Port()
            draft.network = ID(network)
            (draft.deviceID, draft.deviceOwner, draft.isOwned) = (device.id, owner, true)
            if !members.isEmpty, try writer.find(draft.network)?.portSecurity ?? true {
                (draft.groups, draft.groupsAreOpen) = (members, false)
            }
            if let address = wish.address {
                draft.addresses = [Port.FixedAddress(subnet: ID(""), address: address)]
                draft.addressesAreOpen = false
            }
            let id = Port.newID(dice)
            (draft.dnsName, draft.nameIsDevices) = (try draft.freeName(name, id: id, in: writer), true)
            _ = try writer.create(draft, id: id, project: caller.project ?? ID(""), for: caller)
        }
    }

    private func onlyNetwork(of caller: Caller, in reader: any Reader) throws(CloudError) -> [InterfaceWish] {
        let networks = try reader.rows(
            Query(LogicalNetwork.kind, limit: 2).with("project_id", .string(caller.project?.text ?? "")))
        guard networks.count < 2 else {
            throw .conflict("The project has several networks: say which one the server is to be on.")
        }
        return networks.map { InterfaceWish(network: $0.id, port: nil, address: nil) }
    }

    /// A tenant may write any device into a port, but not the mark: only the cloud plugs a port into a server.
    private func ports(of device: Reference, in reader: any Reader) throws(CloudError) -> [Stored<Port>] {
        try reader.list(Port.self, where: "device_id", .string(device.id)).filter {
            $0.deviceOwner.hasPrefix("compute:")
        }
    }

    public func interfaces(of device: Reference, in reader: any Reader) throws(CloudError) -> [Interface] {
        var out: [Interface] = []
        for port in try ports(of: device, in: reader) {
            guard let mac = port.mac else { continue }
            let network = try reader.get(port.network)
            var interface = Interface(
                port: port.id.text, networkName: network.value.name, mac: mac,
                addresses: try addresses(of: port, in: reader), mtu: LogicalNetwork.mtu, network: port.network.text)
            interface.domain = String(network.domain.dropLast())
            out.append(interface)
        }
        return out
    }

    private func addresses(of port: Stored<Port>, in reader: any Reader) throws(CloudError) -> [Interface.Address] {
        var out: [Interface.Address] = []
        for own in port.addresses {
            guard let address = own.address else { continue }
            let subnet = try reader.find(own.subnet)
            var it = Interface.Address(
                address: address, subnet: own.subnet.text, prefix: subnet?.cidr?.prefix ?? address.width,
                gateway: subnet?.gateway, mode: subnet?.addressMode ?? subnet?.routerMode)
            it.nameServers = subnet?.value.toldNameServers ?? []
            out.append(it)
        }
        return out
    }

    public func groups(of device: Reference, in reader: any Reader) throws(CloudError) -> [JSON] {
        var out: [JSON] = []
        for group in Set(try ports(of: device, in: reader).flatMap(\.groups)).sorted() {
            out.append(try NovaSecurityGroups.json(try reader.get(group), reader))
        }
        return out
    }

    public func groupNames(of device: Reference, in reader: any Reader) throws(CloudError) -> [String] {
        var names: Set<String> = []
        for port in try ports(of: device, in: reader) {
            for group in port.groups { names.insert(try reader.get(group).value.name) }
        }
        return names.sorted()
    }

    public func join(
        _ group: String, _ device: Reference, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let id = try SecurityGroup.named([group], by: caller, in: writer)[0]
        let guarded = try ports(of: device, in: writer).filter(\.isGuarded)
        guard !guarded.isEmpty else {
            throw .invalid("The server has no port that security groups are for.", field: "name")
        }
        for port in guarded where !port.groups.contains(id) {
            _ = try writer.revise(port.id, for: caller) { (port) throws(CloudError) in port.groups.append(id) }
        }
    }

    public func leave(
        _ group: String, _ device: Reference, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let id = try SecurityGroup.named([group], by: caller, in: writer)[0]
        let members = try ports(of: device, in: writer).filter { $0.groups.contains(id) }
        guard !members.isEmpty else {
            throw CloudError(.missing, "Security group \(group.prefix(64)) is not associated with the server.")
        }
        for port in members {
            _ = try writer.revise(port.id, for: caller) { (port) throws(CloudError) in
                port.groups.removeAll { $0 == id }
            }
        }
    }

    public func plug(
        _ device: Reference, uid: Int, on host: HostName, in store: any Store
    ) async throws(CloudError) -> [String: String] {
        let (networks, specs) = try await store.read { (reader) throws(CloudError) in
            let ports = try self.ports(of: device, in: reader)
            var networks: [NetworkSpec] = []
            for id in Set(ports.map(\.network)).sorted() {
                networks.append(try LogicalNetwork.spec(of: id, in: reader))
            }
            return (networks, try ports.map { (it) throws(CloudError) in try it.spec(in: reader) })
        }
        for network in networks { try await fabric.ensureNetwork(network) }
        var devices: [String: String] = [:]
        for spec in specs {
            try await fabric.ensurePort(spec)
            devices[spec.id.text] = try await fabric.ensurePlug(spec.id, uid: uid, mtu: LogicalNetwork.mtu, on: host)
        }
        return devices
    }

    public func unplug(_ device: Reference, on host: HostName, in store: any Store) async throws(CloudError) {
        for port in try await store.read({ (reader) throws(CloudError) in try ports(of: device, in: reader) }) {
            try await fabric.removePlug(port.id, on: host)
        }
    }

    public func settle(on host: HostName) async throws(CloudError) { try await fabric.settle(on: host) }

    public func bind(_ device: Reference, to host: HostName?, in writer: any Writer) throws(CloudError) {
        for var port in try ports(of: device, in: writer) {
            let status = host != nil && port.adminUp ? Port.Status.active : .down
            guard port.host != host?.text ?? "" || port.status != status else { continue }
            port.host = host?.text ?? ""
            port.status = status
            port.fault = ""
            try writer.update(&port)
            try TapFlow.refresh(port.id, in: writer)
        }
    }

    public func unplug(port: String, on host: HostName) async throws(CloudError) {
        try await fabric.removePlug(ID(port), on: host)
    }

    public func release(port: String, of device: Reference, in writer: any Writer) throws(CloudError) {
        guard let port = try ports(of: device, in: writer).first(where: { $0.id.text == port }) else {
            throw .missing(Port.kind.title, port)
        }
        try giveBack(port, in: writer)
    }

    public func release(_ device: Reference, in writer: any Writer) throws(CloudError) {
        for port in try ports(of: device, in: writer) { try giveBack(port, in: writer) }
    }

    private func giveBack(_ it: Stored<Port>, in writer: any Writer) throws(CloudError) {
        var port = it
        try FloatingIP.letGo(of: port, in: writer)
        try TenantConnection.end(of: port.id, in: writer)
        if port.isOwned {
            port.deletingSince = writer.now
            try writer.update(&port)
            return try writer.raise(.destroy, Reference(port.id))
        }
        (port.deviceID, port.deviceOwner, port.host, port.status) = ("", "", "", .down)
        if port.nameIsDevices {
            if !port.dnsName.isEmpty { try writer.release(Port.names(port.network), port.dnsName) }
            (port.dnsName, port.nameIsDevices) = ("", false)
        }
        try writer.change(&port)
        try TapFlow.refresh(port.id, in: writer)
    }
}
