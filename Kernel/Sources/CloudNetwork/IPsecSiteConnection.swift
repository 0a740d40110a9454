import CloudCore
import CloudStore
import CloudWire

/// A tunnel between a VPN gateway and a peer's.
public struct IPsecSiteConnection: Resource {
    public var name = "", description = "", adminUp = true
    public var service = ID<VPNService>("")
    public var ike = ID<IKEPolicy>(""), ipsec = ID<IPsecPolicy>("")
    public var localGroup: ID<EndpointGroup>?, peerGroup: ID<EndpointGroup>?
    public var peerAddress = "", peerName = "", localName = ""
    public var peerBlocks: [String] = []
    public var proof = Proof.shared
    /// Kept as they are, since the gateway needs them so: in the store alone, whose file only root may read.
    public var secret = "", key = ""
    /// In PEM: ours with those that lead to its authority, and the authority of the peer's.
    public var certificate = "", authority = ""
    public var detection = Detection()
    public var mtu = 1500
    public var initiator = Initiator.both
    public var status = Status.pending, fault = ""
    public var meter = TunnelMeter()

    public enum Proof: String, CaseIterable, Sendable { case shared = "psk", certificate = "cert" }
    public enum Initiator: String, CaseIterable, Sendable { case both = "bi-directional", peer = "response-only" }
    public enum Status: String, CaseIterable, Sendable {
        case active = "ACTIVE", down = "DOWN", error = "ERROR", pending = "PENDING_CREATE"
    }
    public enum Label: String, CaseIterable, Sendable { case tie, untie }

    public init() {}

    public static let kind = Kind("ipsec_site_connection", "ipsec_site_connections", service: "network")
    public static let access = Access.project
    public static let fields: [Field<IPsecSiteConnection>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .boolean("admin_state_up", \.adminUp, [.read, .create, .update], "Whether it is wanted."),
        .reference("vpnservice_id", \.service, [.read, .create, .required, .indexed], "The gateway."),
        .link("ikepolicy_id", \.ike, [.read, .create, .required], "How the gateways talk."),
        .link("ipsecpolicy_id", \.ipsec, [.read, .create, .required], "How packets are kept secret."),
        .link("local_ep_group_id", \.localGroup, [.read, .create, .update], "The subnets at our end."),
        .link("peer_ep_group_id", \.peerGroup, [.read, .create, .update], "The blocks at the peer's."),
        .text("peer_address", \.peerAddress, [.read, .create, .update, .required], max: 64, "The peer's address."),
        .text("peer_id", \.peerName, [.read, .create, .update, .required], "Who the peer says it is."),
        .text("local_id", \.localName, [.read, .create, .update], "Who we say we are; our address where empty."),
        .value("peer_cidrs", \.peerBlocks, [.read, .create, .update], max: 2048, "The blocks at the peer's end."),
        .choice("auth_mode", \.proof, [.read, .create], "By what the ends prove themselves."),
        .text("psk", \.secret, [.create, .update, .secret], max: 128, "The secret that both ends know."),
        .text("private_key", \.key, [.create, .update, .secret], max: 16_384, lines: true, "Our key, in PEM."),
        .text(
            "certificate", \.certificate, [.read, .create, .update], max: 32_768, lines: true,
            "Our certificate and those that lead to its authority, in PEM."),
        .text(
            "peer_ca_certificate", \.authority, [.read, .create, .update], max: 16_384, lines: true,
            "The authority of the peer's certificate, in PEM."),
        .value("dpd", \.detection, [.read, .create, .update], max: 256, "How a dead peer is noticed."),
        .integer("mtu", \.mtu, [.read, .create, .update], 576...9000, "Bytes in the largest packet inside."),
        .choice("initiator", \.initiator, [.read, .create, .update], "Whether we call the peer, or only wait."),
        .choice("status", \.status, [.read], "Whether packets pass."),
        .text("fault", \.fault, [.read], max: 1024, "Why they do not."),
        .value("meter", \.meter, [], max: 8192, "What passed."),
    ]

    /// How it is noticed that a peer is dead, and what follows (Neutron's `dpd`).
    public struct Detection: Hashable, Sendable, JSONConvertible {
        public enum Action: String, CaseIterable, Sendable {
            case hold, clear, restart, restartByPeer = "restart-by-peer", disabled
        }
        public var action = Action.hold
        /// Seconds.
        public var interval = 30, timeout = 120
        init() {}
        public init(json: JSON) throws(CloudError) {
            guard let object = json.object else { throw .invalid("it has an action, an interval and a timeout.") }
            for (name, value) in object.sorted(by: { $0.key < $1.key }) {
                switch name {
                case "action":
                    guard let action = value.string.flatMap(Action.init(rawValue:)) else {
                        throw .invalid("action is one of \(Action.allCases.map(\.rawValue).joined(separator: ", ")).")
                    }
                    self.action = action
                case "interval", "timeout":
                    guard let number = value.wholeNumber, (1...3600).contains(number) else {
                        throw .invalid("\(name) is a number of 1 to 3600 seconds.")
                    }
                    if name == "interval" { interval = number } else { timeout = number }
                default: throw .invalid("'\(name.prefix(64))' is neither action, interval nor timeout.")
                }
            }
            guard interval < timeout else { throw .invalid("the interval is less than the timeout.") }
        }
        public var json: JSON {
            ["action": .string(action.rawValue), "interval": .integer(interval), "timeout": .integer(timeout)]
        }
    }

    /// Throws `conflict` where a connection names something in a column.
    static func refuseUsed<R: Resource>(_ it: Stored<R>, by column: String, in reader: any Reader) throws(CloudError) {
        if let user = try reader.first(IPsecSiteConnection.self, where: column, .string(it.id.text)) {
            throw .conflict("\(R.kind.title) \(it.id) is in use by ipsec_site_connection \(user.id).")
        }
    }

    /// Has the connections with a value in a column look again.
    static func refresh(where column: String, _ value: String, in writer: any Writer) throws(CloudError) {
        for var it in try writer.list(IPsecSiteConnection.self, where: column, .string(value)) {
            try writer.change(&it)
        }
    }
}
