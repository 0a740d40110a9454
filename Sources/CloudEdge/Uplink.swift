import CloudCore

/// The device of this machine that leads to the Internet. The edge takes it for itself, and gives it back at its end.
public struct Uplink: Hashable, Sendable {
    /// The device's name on the host.
    public let device: String
    /// The edge's addresses on it, each with its prefix.
    public let addresses: [Interface]
    /// Where everything else is reached: at most one of each family.
    public let gateways: [IPAddress]

    /// - Throws: `invalid` where the device's name, an address or a gateway is none, or a gateway is on no side of it.
    public init(device: String, addresses: [String], gateways: [String]) throws(CloudError) {
        guard (1...15).contains(device.utf8.count), device.first != "-", device != ".", device != "..",
            device.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || [0x2d, 0x2e, 0x5f].contains($0)
            })
        else { throw .invalid("'\(device.prefix(32))' is not the name of a network device.", field: "uplink") }
        self.device = device
        var own: [Interface] = []
        for text in addresses { own.append(try Interface(text)) }
        self.addresses = own
        var ways: [IPAddress] = []
        for text in gateways {
            guard let way = IPAddress(text), own.contains(where: { $0.network.contains(way) && $0.address != way })
            else {
                throw .invalid(
                    "The gateway '\(text.prefix(64))' is not in any of the uplink's networks.", field: "uplink-gateway")
            }
            ways.append(way)
        }
        guard ways.count(where: \.isIPv6) <= 1, ways.count(where: { !$0.isIPv6 }) <= 1 else {
            throw .invalid("An uplink has at most one gateway of each family.", field: "uplink-gateway")
        }
        self.gateways = ways
    }

    /// An address with the network that it is in, as `203.0.113.1/25`.
    public struct Interface: Hashable, Sendable, CustomStringConvertible {
        /// Its own address.
        public let address: IPAddress
        /// The network around it.
        public let network: CIDR
        /// As it was read.
        public var description: String { "\(address)/\(network.prefix)" }

        /// - Throws: `invalid` for anything else.
        public init(_ text: String) throws(CloudError) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let address = IPAddress(String(parts[0])), let prefix = Int(parts[1]),
                String(prefix) == parts[1], (1...address.width).contains(prefix)
            else { throw .invalid("'\(text.prefix(64))' is not an address with its prefix.") }
            (self.address, network) = (address, CIDR(holding: address, prefix: prefix))
        }
    }
}
