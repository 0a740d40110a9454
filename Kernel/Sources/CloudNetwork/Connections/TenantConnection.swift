import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A device of one tenant on the network of another, by a request that it approved. Its owner is the device's.
struct TenantConnection: Lifecycle, TwoSided {
    var request = ID<TenantConnectionRequest>("")
    /// The tenant that owns the network.
    var other = ""
    var labels = SideLabels(), otherLabels = SideLabels()
    var network = "", device = "", deviceType = DeviceType.server
    /// Its port on the network, which goes when it goes, and with which it goes.
    var port = ""
    /// Further addresses on the network that are its own.
    var pairs: [Port.Pair] = []
    /// Whether its making has come to an end.
    var isMade = false
    /// What its port is to be like, from the call that makes it.
    var wish = Attachment()

    /// What may be connected.
    enum DeviceType: String, CaseIterable, Sendable { case server = "ECL::Compute::Server" }
    enum Label: String, CaseIterable, Sendable { case join, destroy }

    init() {}

    static let kind = Kind("tenant_connection", "tenant_connections", service: Service.connectivity.name)
    static let access = Access.project
    static let isShownWhileDeleted = true
    static let partner: String? = "tenant_id_other"
    static let fields: [Field<TenantConnection>] =
        sideFields + [
            .reference(
                "tenant_connection_request_id", \.request, [.read, .create, .required, .indexed],
                "The request that opened the network."),
            .text("network_id", \.network, [.read, .indexed], max: 64, "The network."),
            .choice("device_type", \.deviceType, [.read, .create, .required], "The sort of device."),
            .text("device_id", \.device, [.read, .create, .required, .indexed], max: 64, "The device."),
            .text("port_id", \.port, [.read, .indexed], max: 64, "Its port on the network."),
            .value("address_pairs", \.pairs, [], max: 2048, "Further addresses that are its own."),
            .boolean("is_made", \.isMade, [], "Whether its making has come to an end."),
        ]

    static func step(
        _ label: Label, _ turn: inout Turn<TenantConnection>, in devices: any Devices
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        let it = turn.it
        switch label {
        case .join:
            let state = try await turn.store.read { (reader) throws(CloudError) in try it.state(devices, reader) }
            if it.isMade { return .rest }
            guard state != .creating else { return .nap(.seconds(1)) }
            turn.it.isMade = true
            turn.also { (writer) throws(CloudError) in try Operation.finish(it.id, in: writer) }
            return .rest
        case .destroy:
            let port = try await turn.store.read { (reader) throws(CloudError) in try reader.find(ID<Port>(it.port)) }
            guard let port else {
                turn.also { (writer) throws(CloudError) in
                    try it.releasePairs(in: writer)
                    try Operation.finish(it.id, in: writer)
                }
                return .gone
            }
            guard port.deletingSince == nil else { return .nap(.milliseconds(200)) }
            let dice = turn.dice
            turn.also { (writer) throws(CloudError) in
                try devices.expelCard(port.id.text, from: it.device, dice: dice, in: writer)
            }
            // Its port wakes it when it goes; a device that does not let go is asked again.
            return .nap(.seconds(30))
        }
    }

    static func failed(_ label: Label, _ turn: inout Turn<TenantConnection>, _ error: CloudError) -> Next<Label> {
        .nap(.seconds(30))
    }
}

extension TenantConnection {
    static let quota = 100

    /// What a tenant reads of it.
    enum State: String, CaseIterable, Sendable { case creating, active, down, error, deleting }

    /// The connection that a port is of, if it is of one.
    static func of(_ port: ID<Port>, in reader: any Reader) throws(CloudError) -> Stored<TenantConnection>? {
        var query = Query(kind, limit: 1).with("port_id", .string(port.text))
        query.includesDeleting = true
        return try reader.list(TenantConnection.self, query).first
    }

    /// Ends the connection of a port that is being given back, because its card or its whole device goes.
    static func end(of port: ID<Port>, in writer: any Writer) throws(CloudError) {
        guard var it = try of(port, in: writer) else { return }
        if it.deletingSince == nil {
            it.deletingSince = writer.now
            try writer.update(&it)
        }
        try writer.raise(.destroy, Reference(it.id))
    }
}

extension Stored where R == TenantConnection {
    /// What it is now, which follows from its port and its device.
    func state(_ devices: any Devices, _ reader: any Reader) throws(CloudError) -> TenantConnection.State {
        guard deletingSince == nil, let port = try reader.find(ID<Port>(value.port)), port.deletingSince == nil else {
            return .deleting
        }
        if port.status == .error { return .error }
        guard port.adminUp, try devices.isRunning(value.device, in: reader) else { return .down }
        return port.status == .active ? .active : .creating
    }
}
