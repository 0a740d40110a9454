import CloudCore
import CloudStore
import CloudWire

extension TenantConnection: Governed {
    /// Joins a device to the network that its request opened; `make` has its card put in.
    static func admit(
        _ draft: inout Stored<TenantConnection>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let request = try writer.get(draft.request, for: caller)
        guard request.other == draft.project.text else {
            throw CloudError(
                .forbidden,
                "Only tenant \(request.other), to which the network is opened, connects to it by request \(request.id)."
            )
        }
        guard request.status == .registered else {
            throw .conflict(
                "Tenant connection request \(request.id) is not approved: it is \(request.status.rawValue).")
        }
        try draft.value.checkTags()
        (draft.value.other, draft.value.network) = (request.project.text, request.network.text)
    }
}

extension Connectivity {
    private static let path = "/v2.0/tenant_connections"
    private static let onePath = path + "/{tenant_connection_id}"

    private var face: Face<TenantConnection> {
        let devices = devices
        return Face(
            .connectivity, Self.path, "tenant_connection", "tenant_connections",
            [
                .id(), .id("tenant_connection_id"), .field("tenant_connection_request_id"), .field("network_id"),
                .field("tenant_id_other", rights: .read), Self.deviceType, .field("device_id"), Self.deviceInterface,
                Self.attachment, .field("port_id"),
                .readOwner("tenant_id"),
                .computed("status", "Whether the device is on the network.") { (it, reader) throws(CloudError) in
                    .string(try it.state(devices, reader).rawValue)
                },
            ] + Attribute.sides)
    }

    private static let deviceType = Attribute<TenantConnection>(
        "device_type", column: "device_type", type: .text(max: 64, lines: false), rights: [.read, .create, .required],
        "The sort of device.",
        read: { (it, _) throws(CloudError) in .string(it.deviceType.rawValue) },
        write: { (it, json) throws(CloudError) in
            guard let type = json.string.flatMap(TenantConnection.DeviceType.init(rawValue:)) else {
                throw .invalid(
                    "device_type must be "
                        + TenantConnection.DeviceType.allCases.map(\.rawValue).joined(separator: ", ")
                        + ": no other devices are in this region.", field: "device_type")
            }
            it.deviceType = type
        })

    /// A server gets a card for each connection: there is none to choose.
    private static let deviceInterface = Attribute<TenantConnection>(
        "device_interface_id", type: .text(max: 64, lines: false), rights: [.read, .create],
        "The device's interface: empty for servers, which get one more.",
        read: { (_, _) throws(CloudError) in "" },
        write: { (_, json) throws(CloudError) in
            guard json.isNull || json == "" else {
                throw .invalid(
                    "A server gets a further card: device_interface_id is for devices whose interfaces are there before.",
                    field: "device_interface_id")
            }
        })

    private static let attachment = Attribute<TenantConnection>(
        "attachment_opts", type: .json(max: 8192), rights: [.read, .create], "Its addresses on the network.",
        read: { (it, reader) throws(CloudError) in
            guard let port = try reader.find(ID<Port>(it.port)) else { return [:] }
            return [
                "fixed_ips": port.addresses.json, "allowed_address_pairs": port.pairs.json,
                "mac_address": .string(port.mac?.text ?? ""),
            ]
        },
        write: { (it, json) throws(CloudError) in
            do throws(CloudError) { it.wish = try Attachment(json: json) } catch {
                throw .invalid("Invalid input for attachment_opts: \(error.message)", field: "attachment_opts")
            }
        })

    var connectionRoutes: [Route] {
        let face = face
        return [
            face.list(), face.show(), create(face), face.updateSide(example: ["name": "to our customer"]), delete,
        ]
    }

    private func create(_ face: Face<TenantConnection>) -> Route {
        Route(
            .post, .connectivity, Self.path, action: "create", kind: TenantConnection.kind, rule: .role(.member),
            intake: .json(max: Operation.mostBody), "Connects a device to the network that another tenant has opened.",
            example: [
                "tenant_connection": [
                    "tenant_connection_request_id": "{granted_request}", "device_type": "ECL::Compute::Server",
                    "device_id": "{server}", "name": "to our customer",
                ]
            ], schema: face.schema(face.singular)
        ) { (call) throws(CloudError) in
            var draft = TenantConnection()
            try face.apply(try call.object(face.singular), to: &draft, right: .create)
            let (value, id) = (draft, ID<TenantConnection>(call.dice.uuid()))
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    var it = try writer.create(value, id: id, project: call.project, for: call.caller)
                    try join(&it, call, in: writer)
                    try Operation.begin(.create, id, call, in: writer)
                    return try face.body(it, writer)
                })
        }
    }

    private func join(_ it: inout Stored<TenantConnection>, _ call: Call, in writer: any Writer) throws(CloudError) {
        let cards = try writer.list(Port.self, where: "device_id", .string(it.device)).count {
            $0.deviceOwner.hasPrefix("compute:")
        }
        var joined = it
        try devices.addCard(
            to: it.device, of: it.project, beside: cards, for: call.caller, dice: call.dice, in: writer
        ) { (mark) throws(CloudError) in
            try joined.takePort(mark, for: call.caller, in: writer)
        }
        try writer.update(&joined)
        it = joined
    }

    /// Its owner takes its device out, if the device may be changed. The network's owner cuts it off, whatever the
    /// other's device does: from then on no packet passes, and the card goes as soon as the device lets it.
    private var delete: Route {
        Route(
            .delete, .connectivity, Self.onePath, action: "delete", kind: TenantConnection.kind, rule: .role(.member),
            status: 204, "Ends a connection: either tenant may."
        ) { (call) throws(CloudError) in
            let id = ID<TenantConnection>(call.parameter("tenant_connection_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                var it = try writer.get(id, for: call.caller)
                guard it.deletingSince == nil else { return }
                if it.belongs(to: call.caller) {
                    try devices.removeCard(it.port, from: it.device, for: call.caller, dice: call.dice, in: writer)
                } else {
                    if var port = try writer.find(ID<Port>(it.port)) {
                        port.adminUp = false
                        try writer.change(&port)
                    }
                    try devices.expelCard(it.port, from: it.device, dice: call.dice, in: writer)
                }
                try Operation.finish(id, in: writer)
                try Operation.begin(.delete, id, call, in: writer)
                it.deletingSince = writer.now
                try writer.update(&it)
                try writer.raise(.destroy, Reference(id))
            }
            return Response(204)
        }
    }
}
