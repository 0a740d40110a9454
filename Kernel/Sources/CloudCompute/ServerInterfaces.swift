import CloudCore
import CloudStore
import CloudWire

/// A server's network cards and addresses, and what its host says of it.
extension Compute {
    private var interfacesPath: String { itemPath + "/os-interface" }
    /// Cards that one server may have.
    private static let most = ServerDevices.most

    var addresses: Route {
        Route(
            .get, .compute, itemPath + "/ips", action: "list_addresses", kind: Server.kind, rule: .role(.reader),
            "Shows a server's addresses."
        ) {
            (call) throws(CloudError) in
            .json(200, ["addresses": Server.addresses(try await interfaces(call), isDetailed: false)])
        }
    }

    var addressesByNetwork: Route {
        Route(
            .get, .compute, itemPath + "/ips/{network_name}", action: "show_addresses", kind: Server.kind,
            rule: .role(.reader),
            "Shows a server's addresses on one network."
        ) { (call) throws(CloudError) in
            let name = call.parameter("network_name")
            guard let found = Server.addresses(try await interfaces(call), isDetailed: false)[name] else {
                throw CloudError(.missing, "The server has no address on a network of this name.")
            }
            return .json(200, [name: found])
        }
    }

    private func interfaces(_ call: Call) async throws(CloudError) -> [Interface] {
        let id = ID<Server>(call.parameter("server_id"))
        return try await call.store.read { (reader) throws(CloudError) in
            _ = try reader.get(id, for: call.caller)
            return try cabling.interfaces(of: Reference(id), in: reader)
        }
    }

    private static func describe(_ it: Interface) -> JSON {
        [
            "port_id": .string(it.port), "net_id": .string(it.network), "mac_addr": .string(it.mac.text),
            "port_state": "ACTIVE",
            "fixed_ips": .array(
                it.addresses.map { ["ip_address": .string($0.address.description), "subnet_id": .string($0.subnet)] }),
        ]
    }

    var interfaceRoutes: [Route] {
        [
            Route(
                .get, .compute, interfacesPath, action: "list_interfaces", kind: Server.kind, rule: .role(.reader),
                "Lists a server's network cards."
            ) {
                (call) throws(CloudError) in
                .json(200, ["interfaceAttachments": .array(try await interfaces(call).map(Self.describe))])
            },
            Route(
                .get, .compute, interfacesPath + "/{card}", action: "show_interface", kind: Server.kind,
                rule: .role(.reader),
                "Shows one of a server's network cards."
            ) { (call) throws(CloudError) in
                guard let it = try await interfaces(call).first(where: { $0.port == call.parameter("card") }) else {
                    throw Self.noCard
                }
                return .json(200, ["interfaceAttachment": Self.describe(it)])
            },
            attach, detach,
        ]
    }

    private static let noCard = CloudError(.missing, "The server has no network card on this port.")

    private var attach: Route {
        Route(
            .post, .compute, interfacesPath, action: "attach_interface", kind: Server.kind, rule: .role(.member),
            intake: .json(),
            "Gives a server a further network card.", example: ["interfaceAttachment": ["net_id": "{network}"]]
        ) { (call) throws(CloudError) in
            let wanted = call.body["interfaceAttachment"]?.object ?? [:]
            let fixed = wanted["fixed_ips"]?.array ?? []
            let address = fixed.first?["ip_address"]?.string ?? ""
            guard fixed.count <= 1, address.isEmpty || IPAddress(address) != nil else {
                throw .invalid("fixed_ips holds at most one IP address.", field: "fixed_ips")
            }
            let (network, port) = (wanted["net_id"]?.string, wanted["port_id"]?.string)
            guard network == nil || port == nil else {
                throw .invalid("Name a network or a port, not both.", field: "net_id")
            }
            let wishes =
                network ?? port == nil ? [] : [InterfaceWish(network: network, port: port, address: IPAddress(address))]
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let before = Set(try cabling.interfaces(of: Reference(id), in: writer).map(\.port))
                try rewire(id, "attach_interface", call, in: writer) { (it) throws(CloudError) in
                    guard before.count < Self.most else {
                        throw CloudError(.overQuota, "A server has at most \(Self.most) network cards.")
                    }
                    try cabling.order(
                        wishes, anyNetwork: wishes.isEmpty, groups: [], for: Reference(id),
                        name: it.hostName, owner: "compute:" + it.zone, caller: call.caller, dice: call.dice, in: writer
                    )
                }
                guard
                    let new = try cabling.interfaces(of: Reference(id), in: writer).first(where: {
                        !before.contains($0.port)
                    })
                else {
                    throw .invalid("There is no network to attach to.", field: "net_id")
                }
                return .json(200, ["interfaceAttachment": Self.describe(new)])
            }
        }
    }

    /// The security groups of all its cards (Nova's `GET /servers/{id}/os-security-groups`).
    var securityGroups: Route {
        Route(
            .get, .compute, itemPath + "/os-security-groups", action: "show", kind: Server.kind, rule: .role(.reader),
            "Lists a server's security groups."
        ) { (call) throws(CloudError) in
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.store.read { (reader) throws(CloudError) in
                _ = try reader.get(id, for: call.caller)
                return .json(
                    200, ["security_groups": .array(try cabling.groups(of: Reference(id), in: reader))])
            }
        }
    }

    private var detach: Route {
        Route(
            .delete, .compute, interfacesPath + "/{card}", action: "detach_interface", kind: Server.kind,
            rule: .role(.member), status: 202,
            "Takes a network card out of a server."
        ) { (call) throws(CloudError) in
            let (id, port) = (ID<Server>(call.parameter("server_id")), call.parameter("card"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                try rewire(id, "detach_interface", call, in: writer) { (it) throws(CloudError) in
                    guard try cabling.interfaces(of: Reference(id), in: writer).contains(where: { $0.port == port })
                    else { throw Self.noCard }
                    guard !it.detaching.contains(port) else { throw .conflict("The card is being taken out already.") }
                    // A guest that does not run has no card to let go of.
                    it.detaching.append(port)
                }
            }
            return Response(202)
        }
    }

    private func rewire(
        _ id: ID<Server>, _ action: String, _ call: Call, in writer: any Writer,
        _ body: (inout Stored<Server>) throws(CloudError) -> Void
    ) throws(CloudError) {
        var it = try writer.own(id, for: call.caller)
        try it.rewire(action, for: call.caller, call.dice, in: writer, body)
    }

    /// What the host says of the guest: Nova 2.48's form, and libvirt's names before.
    var diagnostics: Route {
        Route(
            .get, .compute, itemPath + "/diagnostics", action: "show_diagnostics", kind: Server.kind,
            rule: .role(.reader), "Shows what a server uses."
        ) {
            (call) throws(CloudError) in
            let it = try await server(call)
            guard it.status == .active || it.status == .paused else {
                throw .conflict(
                    "Cannot 'get_diagnostics' instance \(it.id) while it is in vm_state \(Server.vmState(it)).")
            }
            let cards = try await interfaces(call)
            let found = try await hypervisor.diagnostics(of: it.id, on: ID(it.host))
            guard call.microversion >= 48 else {
                return .json(
                    200,
                    [
                        "cpu0_time": .integer(found.cpuTime), "memory": .integer(it.memory << 10),
                        "vda_read": .integer(found.readBytes),
                        "vda_read_req": .integer(found.readRequests), "vda_write": .integer(found.writeBytes),
                        "vda_write_req": .integer(found.writeRequests), "vda_errors": -1,
                    ])
            }
            return .json(
                200,
                [
                    "state": it.status == .active ? "running" : "paused", "driver": "libvirt", "hypervisor": "qemu",
                    "hypervisor_os": "linux",
                    "uptime": .integer(found.uptime), "config_drive": true, "num_cpus": .integer(it.vcpus),
                    "num_nics": .integer(cards.count), "num_disks": 1,
                    "memory_details": ["maximum": .integer(it.memory), "used": .integer(it.memory)],
                    "cpu_details": [["id": 0, "time": .integer(found.cpuTime), "utilisation": .null]],
                    "nic_details": .array(cards.map { ["mac_address": .string($0.mac.text)] }),
                    "disk_details": [
                        [
                            "read_bytes": .integer(found.readBytes), "read_requests": .integer(found.readRequests),
                            "write_bytes": .integer(found.writeBytes), "write_requests": .integer(found.writeRequests),
                            "errors_count": -1,
                        ]
                    ],
                ])
        }
    }
}
