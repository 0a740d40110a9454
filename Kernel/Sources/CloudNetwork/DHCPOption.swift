import CloudCore
import CloudStore

/// What DHCP tells one port beside what it tells its subnet.
public struct DHCPOption: Hashable, Sendable, JSONConvertible {
    /// Neutron's name of it, as dnsmasq spells it: `bootfile-name`.
    public var name: String
    public var value: Value
    public var isIPv6: Bool

    /// A value that was read and found to be of the option's type.
    public enum Value: Hashable, Sendable {
        case flag(Bool)
        case number(Int)
        case addresses([IPAddress])
        /// Printable ASCII without quotes and backslashes, at most 255 bytes.
        case text(String)
        case domains([String])
        case routes([HostRoute])
    }

    private enum Form {
        case flag, address, addresses, text, host, domain, domains, routes; case number(ClosedRange<Int>)
    }

    /// The options by name. Those by which a guest gets its own address, or knows its server, are the cloud's.
    private static let v4: [String: Form] = [
        "router": .addresses, "dns-server": .addresses, "log-server": .addresses, "lpr-server": .addresses,
        "swap-server": .address, "policy-filter": .addresses, "router-solicitation": .address,
        "nis-server": .addresses, "ntp-server": .addresses, "tftp-server-address": .addresses,
        "netbios-name-server": .addresses, "server-ip-address": .address, "netbios-node-type": .number(1...8),
        "domain-name": .domain, "domain-search": .domains, "hostname": .domain, "tftp-server": .host,
        "bootfile-name": .text, "path-prefix": .text, "wpad": .text, "classless-static-route": .routes,
        "ms-classless-static-route": .routes, "ip-forward-enable": .flag, "router-discovery": .flag,
        "ethernet-encap": .flag, "default-ttl": .number(1...255), "tcp-ttl": .number(1...255),
        "mtu": .number(576...65_535), "lease-time": .number(60...4_294_967_295), "T1": .number(30...4_294_967_295),
        "T2": .number(30...4_294_967_295), "arp-timeout": .number(1...4_294_967_295),
        "tcp-keepalive": .number(1...4_294_967_295),
    ]
    private static let v6: [String: Form] = [
        "dns-server": .addresses, "domain-search": .domains, "bootfile-name": .text,
    ]

    public init(json: JSON) throws(CloudError) {
        guard let object = json.object, let name = object["opt_name"]?.string else {
            throw .invalid("an option has an opt_name and an opt_value.")
        }
        isIPv6 = try Self.isIPv6(object)
        guard let form = (isIPv6 ? Self.v6 : Self.v4)[name] else {
            throw .invalid("'\(name.prefix(64))' is no DHCP option of IPv\(isIPv6 ? 6 : 4) that is offered.")
        }
        self.name = name
        guard let text = object["opt_value"]?.string, let value = Self.read(text, form, isIPv6) else {
            throw .invalid("the value of \(name) is not of its type.")
        }
        self.value = value
    }

    /// The family that an option of a form is of; IPv4 where nobody says.
    static func isIPv6(_ object: [String: JSON]) throws(CloudError) -> Bool {
        switch object["ip_version"] ?? 4 {
        case 4, "4", .null: false
        case 6, "6": true
        default: throw .invalid("ip_version is 4 or 6.")
        }
    }

    public var json: JSON {
        ["opt_name": .string(name), "opt_value": .string(text), "ip_version": isIPv6 ? 6 : 4]
    }

    /// The value as a client gave it.
    private var text: String {
        switch value {
        case .flag(let flag): flag ? "1" : "0"
        case .number(let number): String(number)
        case .addresses(let list): list.map(\.description).joined(separator: ",")
        case .text(let text): text
        case .domains(let list): list.joined(separator: ",")
        case .routes(let list): list.map { "\($0.destination),\($0.nextHop)" }.joined(separator: ",")
        }
    }

    private static func read(_ text: String, _ form: Form, _ isIPv6: Bool) -> Value? {
        guard (1...255).contains(text.utf8.count) else { return nil }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.drop { $0 == " " })
        }
        func addresses() -> [IPAddress]? {
            let read = parts.map { IPAddress($0) }
            return read.allSatisfy { $0?.isIPv6 == isIPv6 } ? read.compactMap { $0 } : nil
        }
        func domain(_ text: String) -> String? { DNSName.domain(text.hasSuffix(".") ? text : text + ".") }
        switch form {
        case .flag: return ["1": true, "true": true, "0": false, "false": false][text.lowercased()].map(Value.flag)
        case .number(let range):
            return Int(text).flatMap { String($0) == text && range.contains($0) ? .number($0) : nil }
        case .address: return parts.count == 1 ? addresses().map(Value.addresses) : nil
        case .addresses: return addresses().map(Value.addresses)
        case .text:
            let isPlain = text.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
            return isPlain ? .text(text) : nil
        // Told as text (RFC 2132, 9.4), whichever it is.
        case .host:
            let isHost = parts.count == 1 && (IPv4(parts[0]) != nil || domain(text) != nil)
            return isHost ? .text(text) : nil
        case .domain: return domain(text).map { .text(String($0.dropLast())) }
        case .domains:
            let read = parts.map(domain)
            return read.contains(nil) ? nil : .domains(read.compactMap { $0.map { String($0.dropLast()) } })
        case .routes: return routes(parts)
        }
    }

    /// Destinations and next hops in turn.
    private static func routes(_ parts: [String]) -> Value? {
        guard parts.count % 2 == 0 else { return nil }
        var out: [HostRoute] = []
        for place in stride(from: 0, to: parts.count, by: 2) {
            guard let destination = CIDR(parts[place]), !destination.isIPv6, let hop = IPAddress(parts[place + 1]),
                !hop.isIPv6
            else { return nil }
            out.append(HostRoute(destination: destination, nextHop: hop))
        }
        return .routes(out)
    }
}

extension Port {
    /// Puts the options of a form in place of those of the same name; an empty value takes one away.
    mutating func take(options json: JSON) throws(CloudError) {
        guard let items = json.isNull ? [] : json.array, items.count <= 32 else {
            throw .invalid("Invalid input for extra_dhcp_opts: a list of at most 32.", field: "extra_dhcp_opts")
        }
        do throws(CloudError) {
            for item in items {
                let name = item["opt_name"]?.string ?? ""
                let isIPv6 = try DHCPOption.isIPv6(item.object ?? [:])
                let isGone = item.object != nil && (item["opt_value"] ?? .null).isNull && !name.isEmpty
                let option = isGone ? nil : try DHCPOption(json: item)
                dhcpOptions.removeAll { $0.name == name && $0.isIPv6 == isIPv6 }
                if let option { dhcpOptions.append(option) }
            }
        } catch {
            throw CloudError(
                error.code, "Invalid input for extra_dhcp_opts: \(error.message)", field: "extra_dhcp_opts")
        }
        guard dhcpOptions.count <= 16, dhcpOptions.json.text.utf8.count <= 2048 else {
            throw .invalid(
                "Invalid input for extra_dhcp_opts: a port has at most 16 options, together at most 2,048 bytes.",
                field: "extra_dhcp_opts")
        }
    }
}

extension Stored where R == Port {
    /// What DHCP tells on the subnets of its addresses, where this port is told more than others.
    func told(in reader: any Reader) throws(CloudError) -> NetworkSpec? {
        guard !value.dhcpOptions.isEmpty, !value.isRouters else { return nil }
        var network = try LogicalNetwork.spec(of: value.network, in: reader)
        let own = Set(value.addresses.map(\.subnet))
        network.subnets.removeAll { !own.contains($0.id) || !$0.dhcp }
        // Who has the gateway's address, and where the network leads, changes nothing of what is told.
        for place in network.subnets.indices { network.subnets[place].isRouted = false }
        (network.physical, network.segment, network.links) = ("", 0, [])
        return network
    }
}
