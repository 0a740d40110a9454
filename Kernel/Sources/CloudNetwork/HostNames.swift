import CloudCore
import CloudStore
import CloudWire

/// Names of hosts and domains as DNS allows them (RFC 1123): labels of letters, digits and hyphens.
enum DNSName {
    /// The domain of networks that name none.
    static let usual = "akashi.internal."

    /// A label in lower case; nil for what is none.
    static func label(_ text: String) -> String? {
        let text = text.lowercased()
        guard text.isPlain, (1...63).contains(text.utf8.count), text.first != "-", text.last != "-" else { return nil }
        return text
    }

    /// A whole domain in lower case, with its full stop at the end; nil for what is none.
    static func domain(_ text: String) -> String? {
        guard text.utf8.count <= 190, text.hasSuffix(".") else { return nil }
        let labels = text.dropLast().split(separator: ".", omittingEmptySubsequences: false).map { label(String($0)) }
        guard !labels.isEmpty, !labels.contains(nil) else { return nil }
        return labels.compactMap { $0 }.joined(separator: ".") + "."
    }

    /// The name of an address that has no other: `host-10-0-0-5`.
    static func host(_ address: IPAddress) -> String {
        "host-"
            + String(
                address.description.map { $0 == "." || $0 == ":" ? "-" : $0 }.reversed().drop { $0 == "-" }
                    .reversed())
    }
}

extension Port {
    /// The space in which the names of a network's ports are claimed.
    static func names(_ network: ID<LogicalNetwork>) -> String { "dns:" + network.text }

    /// Its addresses with the name of each; none where it is a router's.
    var hostNames: Set<HostRecord> {
        guard !isRouters else { return [] }
        return Set(
            addresses.compactMap(\.address).map {
                HostRecord(name: dnsName.isEmpty ? DNSName.host($0) : dnsName, address: $0)
            })
    }

    /// Takes the name that it is to have on its network, and gives the old one back.
    mutating func takeName(was old: String, id: ID<Port>, in writer: any Writer) throws(CloudError) {
        guard dnsName != old else { return }
        if !dnsName.isEmpty {
            guard let label = DNSName.label(dnsName) else {
                throw .invalid(
                    "Invalid input for dns_name: '\(dnsName.prefix(64))' is no host name: letters, digits and hyphens, at most 63.",
                    field: "dns_name")
            }
            dnsName = label
            // Such a name says already which address it is of.
            guard !label.hasPrefix("host-") else {
                throw .invalid(
                    "Invalid input for dns_name: names that begin with host- are those of addresses.", field: "dns_name"
                )
            }
            do throws(CloudError) { try writer.claim(Port.names(network), label, for: Reference(id)) } catch {
                throw .conflict("The name \(label) is another port's on network \(network).")
            }
        }
        if !old.isEmpty, old != dnsName { try writer.release(Port.names(network), old) }
    }

    /// The name that its device's name becomes on this network: with the port's own digits where another has it.
    func freeName(_ wish: String, id: ID<Port>, in reader: any Reader) throws(CloudError) -> String {
        guard let label = DNSName.label(wish), !label.hasPrefix("host-") else { return "" }
        guard try reader.claims(Port.names(network)).contains(label) else { return label }
        return label.prefix(54) + "-" + id.text.prefix(8)
    }

    /// How DNS names each of its addresses, as Neutron says it.
    static let assignment = Attribute<Port>.computed("dns_assignment", "How DNS names its addresses.") {
        (it, reader) throws(CloudError) in
        let domain = try reader.find(it.network)?.domain ?? DNSName.usual
        let names = Dictionary(
            it.value.hostNames.map { ($0.address, $0.name) }, uniquingKeysWith: { first, _ in first })
        return .array(
            it.addresses.compactMap { own in
                guard let address = own.address, let name = names[address] else { return nil }
                return [
                    "ip_address": .string(address.description), "hostname": .string(name),
                    "fqdn": .string(name + "." + domain),
                ]
            })
    }
}

extension LogicalNetwork {
    static let domainAttribute = Attribute<LogicalNetwork>(
        "dns_domain", column: "dns_domain", type: .text(max: 190, lines: false), rights: [.read, .create, .update],
        "The domain of its hosts' names, with a full stop at the end.",
        read: { (it, _) throws(CloudError) in .string(it.domain) },
        write: { (network, json) throws(CloudError) in
            if json.isNull || json == "" { return network.domain = DNSName.usual }
            guard let domain = json.string.flatMap(DNSName.domain) else {
                throw .invalid(
                    "Invalid input for dns_domain: a domain of at most 190 bytes with a full stop at the end.",
                    field: "dns_domain")
            }
            network.domain = domain
        })
}
