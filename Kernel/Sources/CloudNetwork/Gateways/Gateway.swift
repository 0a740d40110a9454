import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A tenant's way out of the cloud (ECL's internet, VPN, inter-DC and FIC gateways): a router between networks of the
/// tenant and a service's network. Addresses pass as they are; what is reached by which way, static routes say.
public struct Gateway: Lifecycle {
    public var type = GatewayType.internet
    public var service = ID<ConnectionService>("")
    public var qos: ID<QoSOption>?
    public var name = "", description = ""
    /// The VLAN of its segment on the service's physical network; 0 for the Internet.
    public var segment = 0
    /// The network on which it leads out: the service's, or its own segment.
    public var network: ID<LogicalNetwork>?
    /// Its port there.
    public var port = ""
    public var status = GatewayStatus.pendingCreate, fault = ""

    public enum Label: String, CaseIterable, Sendable { case weave, destroy }

    public init() {}

    public static let kind = Kind("gateway", "gateways", service: "network")
    public static let access = Access.project
    public static let fields: [Field<Gateway>] = [
        .choice("type", \.type, [.read, .indexed], "Where it leads."),
        .reference("service_id", \.service, [.read, .create, .required, .indexed], "The service it is of."),
        .reference("qos_option_id", \.qos, [.read, .create, .update, .indexed], "How much it may carry."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .integer("segmentation_id", \.segment, [.read, .create], 0...4094, "The VLAN of its segment."),
        .reference("network_id", \.network, [.indexed], "The network on which it leads out."),
        .text("port_id", \.port, [], "Its port there."),
        .choice("status", \.status, [.read], "Whether the fabric has it."),
        .text("fault", \.fault, [], max: 1024, "Why it is in error."),
    ]

    /// For messages.
    static func title(_ type: GatewayType) -> String { "\(type.rawValue) gateway" }

    public static func step(
        _ label: Label, _ turn: inout Turn<Gateway>, in fabric: any Fabric
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .weave:
            let spec = try await turn.store.read { (reader) throws(CloudError) in try it.spec(in: reader) }
            try await fabric.ensureRouter(spec)
            (turn.it.status, turn.it.fault) = (.active, "")
            turn.also { (writer) throws(CloudError) in try it.settleParts(in: writer) }
            return .rest
        case .destroy:
            try await fabric.removeRouter(ID(it.id.text))
            turn.also { (writer) throws(CloudError) in try it.refreshLine(in: writer) }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Gateway>, _ error: CloudError) -> Next<Label> {
        if label != .destroy { turn.it.status = .error }
        turn.it.fault = "The gateway could not be set up; it will be tried again."
        return .nap(.seconds(30))
    }
}

extension Gateway: Governed {
    /// Each type has a limit of its own.
    public static let quota = Int.max

    public static func admit(_ draft: inout Stored<Gateway>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try Meter.gateways(draft.type).check(draft.project, in: writer)
        let service = try writer.get(draft.service, for: caller)
        guard service.type == draft.type else { throw .missing(ConnectionService.kind.title, draft.service.text) }
        try draft.checkPlan(of: service, in: writer)
        if draft.type == .internet {
            try draft.joinNetwork(of: service, in: writer)
        } else {
            try draft.makeSegment(of: service, in: writer)
        }
    }

    public static func admitChange(
        of it: inout Stored<Gateway>, from old: Stored<Gateway>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.qos != old.qos else { return }
        try it.checkPlan(of: try writer.get(it.service), in: writer)
        it.status = .pendingUpdate
    }

    public static func admitRemoval(of it: Stored<Gateway>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try writer.requireUnused(Reference(it.id))
        if var port = try writer.find(ID<Port>(it.port)) { try port.giveBack(in: writer) }
        if it.type != .internet, let segment = it.network { try LogicalNetwork.giveBack(segment, in: writer) }
    }
}

extension Stored where R == Gateway {
    /// Refuses a plan of another service, and a guarantee that the service's line does not have left.
    fileprivate func checkPlan(of service: Stored<ConnectionService>, in writer: any Writer) throws(CloudError) {
        guard let wanted = value.qos else { return }
        guard let option = try writer.find(wanted), option.service == service.id else {
            throw .missing(QoSOption.kind.title, wanted.text)
        }
        guard option.type == .guarantee else { return }
        let left = service.bandwidth - (try service.guaranteed(but: id, in: writer))
        guard option.bandwidth <= left else {
            throw .conflict(
                "\(option.bandwidth) Mbit/s cannot be guaranteed: of the \(service.bandwidth) Mbit/s of the service, \(max(left, 0)) are left."
            )
        }
    }

    /// Takes an address on the service's external network.
    fileprivate mutating func joinNetwork(
        of service: Stored<ConnectionService>, in writer: any Writer
    ) throws(CloudError) {
        guard value.segment == 0 else { throw .invalid("The Internet has no segments.", field: "segmentation_id") }
        guard let network = service.network else { throw .fault("Internet service \(service.id) has no network") }
        try makePort(on: network, in: writer)
    }

    /// Makes a segment of its own on the service's physical network.
    fileprivate mutating func makeSegment(
        of service: Stored<ConnectionService>, in writer: any Writer
    ) throws(CloudError) {
        guard value.segment > 0 else {
            throw .invalid("segmentation_id must be a VLAN, 1 to 4094.", field: "segmentation_id")
        }
        let network: ID<LogicalNetwork> = Derived.id("segment of \(id)")
        try LogicalNetwork.claimSegment(value.segment, of: service.physical, for: Reference(network), in: writer)
        var draft = LogicalNetwork()
        (draft.name, draft.physical, draft.segment) = ("\(value.type)-\(id)", service.physical, value.segment)
        try writer.insert(draft, id: network)
        try makePort(on: network, in: writer)
    }

    private mutating func makePort(on network: ID<LogicalNetwork>, in writer: any Writer) throws(CloudError) {
        let port: ID<Port> = Derived.id("way out of gateway \(id)")
        let draft = try Port.ofCloud(
            port, on: network, nil, device: id.text, owner: Router.gatewayOwner, in: writer)
        // It is the cloud's own, as a router's is.
        try writer.insert(draft, id: port)
        (value.network, value.port) = (network, port.text)
    }
}
