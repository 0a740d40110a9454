import CloudCore
import CloudStore

/// What a tenant asks of the port that its device gets.
struct Attachment: Sendable {
    var addresses: [Port.FixedAddress]?
    var pairs: [Port.Pair] = []
    var mac: MAC?

    init() {}

    /// Reads `attachment_opts`; what is empty is as if it were not there.
    init(json: JSON) throws(CloudError) {
        guard !json.isNull else { return }
        guard let object = json.object else { throw .invalid("\(json.kindName) is not an object.") }
        for (name, value) in object.sorted(by: { $0.key < $1.key }) where !value.isNull {
            switch name {
            case "fixed_ips":
                let wishes = try [Port.FixedAddress](json: try Self.filled(value))
                addresses = wishes.isEmpty ? nil : wishes
            case "allowed_address_pairs": pairs = try [Port.Pair](json: try Self.filled(value))
            case "mac_address":
                guard let read = value.string.flatMap({ MAC($0) }) else {
                    throw .invalid("mac_address is not a hardware address of one card.")
                }
                mac = read
            case "segmentation_type", "segmentation_id":
                throw .invalid("\(name) is for bare metal servers; a server's card has no segments.")
            default: throw .invalid("unknown key '\(name.prefix(64))'.")
            }
        }
    }

    /// The list's objects with what they say, without those that say nothing.
    private static func filled(_ json: JSON) throws(CloudError) -> JSON {
        guard let items = json.array else { throw .invalid("\(json.kindName) is not a list.") }
        var out: [JSON] = []
        for item in items {
            guard let object = item.object else { throw .invalid("\(item.kindName) is not an object.") }
            let said = object.filter { !$0.value.isNull && $0.value != "" }
            if !said.isEmpty { out.append(.object(said)) }
        }
        return .array(out)
    }
}

extension Stored where R == TenantConnection {
    /// Makes its port: the device owner's, on the other tenant's network, and there as nobody else.
    mutating func takePort(_ mark: String, for caller: Caller, in writer: any Writer) throws(CloudError) {
        let limit = try Port.limit(of: project, in: writer)
        guard try writer.count(Query(Port.kind).with("project_id", .string(project.text))) < limit else {
            throw CloudError(.overQuota, "Quota exceeded for ports: \(limit) at most.")
        }
        let port: ID<Port> = Derived.id("port of tenant connection \(id)")
        let network = ID<LogicalNetwork>(value.network)
        var draft = Port()
        (draft.network, draft.deviceID, draft.deviceOwner) = (network, value.device, mark)
        // Whatever its network's owner thinks of guards: a guest of another tenant's is guarded.
        (draft.isOwned, draft.isGuarded, draft.guardIsOpen) = (true, true, false)
        let mac = value.wish.mac ?? Port.freshMAC(port)
        (draft.mac, draft.pairs) = (mac, value.wish.pairs)
        try takeCard(mac, on: network, for: Reference(port), in: writer)
        try draft.guardItself(was: nil, id: port, project: project, caller, in: writer)
        if let wishes = value.wish.addresses { (draft.addresses, draft.addressesAreOpen) = (wishes, false) }
        try draft.takeAddresses(for: Reference(port), in: writer)
        try writer.insert(draft, id: port, project: project)
        (value.port, value.pairs) = (port.text, draft.pairs)
        try takePairs(of: mac, on: network, in: writer)
    }

    /// Takes a hardware address that nobody on the network has, a router's included.
    private func takeCard(
        _ mac: MAC, on network: ID<LogicalNetwork>, for owner: Reference, in writer: any Writer
    ) throws(CloudError) {
        let others = Query(Port.kind).with("network_id", .string(network.text)).with("mac_address", .string(mac.text))
        let isTaken = try writer.count(others) > 0
        do throws(CloudError) {
            try writer.claim(Port.hardware(network), mac.text, for: owner)
            if !isTaken { return }
        } catch  where error.code == .conflict {}
        throw .conflict("The mac address \(mac.text) is in use on network \(network).")
    }

    /// Claims further addresses for the request, so that its connections may share them and nobody else has them.
    private func takePairs(
        of mac: MAC, on network: ID<LogicalNetwork>, in writer: any Writer
    ) throws(CloudError) {
        guard !value.pairs.isEmpty else { return }
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(network.text))
        for pair in value.pairs {
            let address = pair.prefix.block.first
            guard pair.prefix.length == address.width,
                let subnet = subnets.first(where: { $0.cidr?.isUsable(address) ?? false }), subnet.gateway != address
            else {
                throw .invalid(
                    "An allowed address pair is a single free address of the network, which \(pair.prefix) is not.",
                    field: "attachment_opts")
            }
            do throws(CloudError) {
                try writer.claim(Subnet.space(subnet.id), address.description, for: Reference(value.request))
            } catch  where error.code == .conflict {
                throw .conflict("The address \(address) is in use on subnet \(subnet.id).")
            }
            if let other = pair.mac, other != mac {
                try takeCard(other, on: network, for: Reference(value.request), in: writer)
            }
        }
    }

    /// Gives its further addresses back, but for those that other connections of the request have too.
    func releasePairs(in writer: any Writer) throws(CloudError) {
        guard !value.pairs.isEmpty else { return }
        var query = Query(TenantConnection.kind).with("tenant_connection_request_id", .string(value.request.text))
        query.includesDeleting = true
        let kept = try writer.list(TenantConnection.self, query).filter { $0.id != id }.flatMap(\.pairs)
        let network = ID<LogicalNetwork>(value.network)
        let ports = try writer.list(Port.self, where: "network_id", .string(value.network))
        let subnets = try writer.list(Subnet.self, where: "network_id", .string(value.network))
        for pair in value.pairs {
            let address = pair.prefix.block.first
            // A subnet may have been made anew in the meantime, and the address be a port's.
            let isFree = !ports.contains { $0.addresses.contains { $0.address == address } }
            if isFree, !kept.contains(where: { $0.prefix == pair.prefix }) {
                for subnet in subnets where subnet.cidr?.contains(address) ?? false {
                    try writer.release(Subnet.space(subnet.id), address.description)
                }
            }
            if let mac = pair.mac, !kept.contains(where: { $0.mac == mac }), !ports.contains(where: { $0.mac == mac }) {
                try writer.release(Port.hardware(network), mac.text)
            }
        }
    }
}

extension Stored where R == Port {
    /// Throws `conflict` where a change would make of a port on another tenant's network what that one did not agree to.
    func requireAgreed(was old: Stored<Port>, in reader: any Reader) throws(CloudError) {
        let isSame = value.addresses == old.addresses && value.pairs == old.pairs && value.isGuarded == old.isGuarded
        let opens = value.adminUp && !old.adminUp
        guard !isSame || opens, let connection = try TenantConnection.of(id, in: reader) else { return }
        guard isSame else {
            throw .conflict(
                "Port \(id) is of tenant connection \(connection.id): its addresses and its guard stay as they are.")
        }
        guard connection.deletingSince == nil else {
            throw .conflict("Tenant connection \(connection.id), whose port this is, is being deleted.")
        }
    }
}
