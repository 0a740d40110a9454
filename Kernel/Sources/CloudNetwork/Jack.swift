import CloudCore

/// A port that is joined to a network namespace of this host, for a service of the cloud's own in there.
public struct JackSpec: Hashable, Sendable {
    public var port: ID<Port>
    /// The namespace, made where it is missing: letters, digits and `-`.
    public var namespace: String
    /// The device's name in there: at most 15 letters and digits.
    public var device: String
    public var mac: MAC
    /// The device's addresses, each with the length of its subnet's prefix: `10.0.0.1/24`.
    public var addresses: [String]
    /// Bytes in the largest packet.
    public var mtu: Int

    public init(port: ID<Port>, namespace: String, device: String, mac: MAC, addresses: [String], mtu: Int) {
        (self.port, self.namespace, self.device) = (port, namespace, device)
        (self.mac, self.addresses, self.mtu) = (mac, addresses, mtu)
    }
}
