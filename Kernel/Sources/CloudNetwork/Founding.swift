import CloudCore
import CloudStore

extension Network {
    /// What an operator says of the Internet when the cloud begins.
    public struct Internet: Sendable {
        /// The cloud's addresses there: the lower half for gateways and floating addresses, the upper for blocks.
        public var addresses: CIDR
        /// What the uplink carries in each direction, in Mbit/s.
        public var bandwidth: Int
        public var zone: String

        public init(addresses: CIDR, bandwidth: Int, zone: String) {
            (self.addresses, self.bandwidth, self.zone) = (addresses, bandwidth, zone)
        }

        fileprivate var halves: [CIDR] {
            let first = CIDR(holding: addresses.first, prefix: addresses.prefix + 1)
            return [first, CIDR(holding: addresses.last, prefix: addresses.prefix + 1)]
        }
    }

    /// Makes what every cloud begins with, where it has never been: what a later start finds deleted stays so.
    public func found(_ store: any Store, _ internet: Internet?) async throws(CloudError) {
        let (space, key) = ("founded", "network")
        let isFounded = try await store.read { (reader) throws(CloudError) in try reader.claims(space).contains(key) }
        guard !isFounded else { return }
        let record = AuditRecord(
            .system("start-up"), service: "network", action: "found", kind: "connection_service", resource: "")
        try await store.write(record) { (writer) throws(CloudError) in
            // Marked by a claim that nothing owns: whatever was made may be deleted.
            try writer.claim(space, key, for: Reference(ConnectionService.kind, space))
            try DefaultRule.found(in: writer)
            var reserved = ReservedAddress()
            (reserved.name, reserved.description) = ("link-local addresses", "Common functions and DHCP")
            reserved.blocks = [CIDR("169.254.0.0/16")!]
            try writer.insert(reserved, id: Derived.id("link-local addresses"))
            try Self.foundFunctions(in: writer)
            if let internet { try Self.found(internet, in: writer) }
        }
    }

    private static func foundFunctions(in writer: any Writer) throws(CloudError) {
        var pool = CommonFunctionPool()
        (pool.name, pool.description) = ("CF_Pool1", "Common functions of the region")
        let id: ID<CommonFunctionPool> = Derived.id("common functions")
        _ = try writer.create(pool, id: id, project: ID(""), for: .system("start-up"))
        var time = CommonFunction()
        (time.name, time.description, time.pool) = ("NTP", "The time, by NTP", id)
        _ = try writer.create(time, id: Derived.id("NTP"), project: ID(""), for: .system("start-up"))
    }

    private static func found(_ internet: Internet, in writer: any Writer) throws(CloudError) {
        var network = LogicalNetwork()
        (network.name, network.description) = ("internet", "The Internet")
        (network.isExternal, network.isDefault, network.physical) = (true, true, ConnectionService.edgeName)
        let id: ID<LogicalNetwork> = Derived.id("internet")
        try writer.insert(network, id: id)
        try Sharing.open(.network, id.text, as: .external, of: ID(""), in: writer)
        var subnet = Subnet.plain(internet.halves[0], on: id)
        subnet.name = "internet"
        let gateway = IPAddress(number: internet.halves[0].first.number + 1, isIPv6: false)
        (subnet.gateway, subnet.pools) = (gateway, Subnet.wholePools(internet.halves[0], without: gateway))
        try writer.insert(subnet, id: Derived.id("subnet of the internet"))
        var service = ConnectionService()
        (service.name, service.zone, service.network) = ("Internet-Service-01", internet.zone, id)
        (service.bandwidth, service.blocks) = (internet.bandwidth, [internet.halves[1]])
        let serviceID: ID<ConnectionService> = Derived.id("internet service")
        try writer.insert(service, id: serviceID)
        for sort in QoSOption.Sort.allCases {
            for bandwidth in [10, 20, 50, 100, 500, 1000] where bandwidth <= internet.bandwidth {
                var option = QoSOption()
                (option.type, option.service, option.bandwidth) = (sort, serviceID, bandwidth)
                option.name = "\(bandwidth)M-\(sort == .guarantee ? "GA" : "BE")"
                option.description = "\(bandwidth) Mbit/s, " + (sort == .guarantee ? "guaranteed" : "best effort")
                try writer.insert(option, id: Derived.id("plan \(option.name) of the internet"))
            }
        }
    }
}
