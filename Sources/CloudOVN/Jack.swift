import CloudCore
import CloudHost
import CloudNetwork

extension OVNFabric {
    /// A veth pair: one end in Open vSwitch under the name of the port's device, the other in the service's namespace.
    /// The kernel makes and removes both ends together, so there is never half of it.
    public func ensureJack(_ jack: JackSpec, on host: HostName) async throws(CloudError) {
        try check(host)
        let id = try Self.safe(jack.port)
        let device = Plug.device(of: jack.port)
        let (service, ovn) = (try Self.place(jack), namespace)
        try await service.ensure()
        try await repeating { () throws(CloudError) in
            let found = try await local.transact(
                .host, [Operation.select("Interface", [Where.name(device)], ["external_ids"])])
            let row = found[0]["rows"]?[0]
            let marks = Value.pairs(row?["external_ids"])
            guard row == nil || marks[Mark.port] == id else {
                throw .fault("\(device) is the device of port \(marks[Mark.port] ?? "nobody")")
            }
            var isThere = try await Inside.run(ovn) { () throws(CloudError) in try Tap.mtu(device) } != nil
            if isThere, try await Self.addresses(jack, in: service) == nil {
                // Its other end is in a namespace that has gone, and the kernel is about to remove both.
                try await Inside.run(ovn) { () throws(CloudError) in try Tap.remove(device) }
                isThere = false
            }
            if !isThere {
                // A row without a device says of a device long gone that it is in force.
                if row != nil { try await removeRow(device) }
                try await Command.run([
                    "ip", "-n", ovn.name, "link", "add", device, "mtu", String(jack.mtu), "type", "veth", "peer",
                    "name", jack.device, "address", jack.mac.text, "mtu", String(jack.mtu), "netns", service.name,
                ])
            }
            try await Self.bringUp(jack, device, service, ovn)
            if row == nil || !isThere { try await local.transact(.host, Self.makePlug(device, id, 0)) }
            if !isThere || marks["ovn-installed"] != "true" { unsettled.insert(device) }
        }
    }

    /// Sets addresses and MTU of the service's end, and takes those away that are not wanted.
    private static func bringUp(
        _ jack: JackSpec, _ device: String, _ service: NetworkNamespace, _ ovn: NetworkNamespace
    ) async throws(CloudError) {
        guard let there = try await addresses(jack, in: service) else {
            throw .unavailable("network", "\(jack.device) is not in \(service.name)")
        }
        var lines = there.subtracting(jack.addresses).sorted().map { "addr del \($0) dev \(jack.device)" }
        lines += Set(jack.addresses).subtracting(there).sorted().map { "addr add \($0) dev \(jack.device)" }
        lines.append("link set \(jack.device) mtu \(jack.mtu) up")
        try await Command.run(
            ["ip", "-n", service.name, "-batch", "-"], input: Array(lines.joined(separator: "\n").utf8))
        try await Command.run(["ip", "-n", ovn.name, "link", "set", device, "mtu", String(jack.mtu), "up"])
    }

    /// The IPv4 addresses of the service's end, with the lengths of their prefixes; nil where the end is not there.
    private static func addresses(_ jack: JackSpec, in service: NetworkNamespace) async throws(CloudError)
        -> Set<String>?
    {
        let ending = try await Command.end(["ip", "-n", service.name, "-j", "addr", "show", "dev", jack.device])
        guard ending.code == 0 else { return nil }
        let devices = try JSON.parse(ending.output)
        guard let device = devices.array?.first(where: { $0["ifname"]?.string == jack.device }) else { return nil }
        let all = device["addr_info"]?.array ?? []
        return Set(
            all.compactMap { it in
                guard it["family"] == "inet", let address = it["local"]?.string, let prefix = it["prefixlen"]?.integer
                else { return nil }
                return "\(address)/\(prefix)"
            })
    }

    /// The namespace, where all that goes into a command is what it should be.
    private static func place(_ jack: JackSpec) throws(CloudError) -> NetworkNamespace {
        func isWord(_ text: String, _ most: Int) -> Bool {
            (1...most).contains(text.utf8.count) && text.utf8.first != 0x2d && text.isPlain
        }
        let areAddresses = jack.addresses.allSatisfy { text in
            let parts = text.split(separator: "/").map(String.init)
            return parts.count == 2 && IPv4(parts[0]) != nil && Int(parts[1]).map { (0...32).contains($0) } ?? false
        }
        guard isWord(jack.namespace, 64), isWord(jack.device, 15), areAddresses, (576...65_535).contains(jack.mtu)
        else {
            throw .fault("the jack of port \(jack.port) is nothing that a command may be told")
        }
        return NetworkNamespace(jack.namespace)
    }
}
