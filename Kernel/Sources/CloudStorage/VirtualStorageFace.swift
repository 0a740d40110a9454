import CloudCore
import CloudStore
import CloudWire

extension VirtualStorage: Governed {
    public static let quota = 20

    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if let address = it.address {
            guard let start = it.start, let end = it.end, start <= address, address <= end else {
                throw .conflict("Its address, \(address), must be within ip_addr_pool.")
            }
        }
        it.status = .updating
    }

    static let root = "/v1.0/{project_id}"
    static let path = root + "/virtual_storages"

    static let face = Face<VirtualStorage>(
        .storage, path, "virtual_storage", "virtual_storages",
        [
            .id(), .field("name"), .field("description"), .field("volume_type_id"), .field("network_id"),
            .field("subnet_id"), pool, .field("host_routes"), .created(), .updated(),
            Attribute(
                "status", column: "status", type: nil, rights: .read, "What it does.",
                read: { (it, _) throws(CloudError) in
                    .string(it.deletingSince == nil ? it.status.rawValue : "deleting")
                }, write: nil),
            .computed("error_message", "Why it is in error.") { (it, _) in .string(it.fault) },
            .computed("links", "Where it is.") { (it, _) in
                ECLStorage.links("\(it.project)/virtual_storages/\(it.id)")
            },
        ])

    private static let pool = Attribute<VirtualStorage>(
        "ip_addr_pool", type: .json(max: 128), rights: [.read, .create, .update, .required],
        "The addresses that it may have: the first and the last.",
        read: { (it, _) throws(CloudError) in
            [
                "start": .string(it.start?.description ?? ""), "end": .string(it.end?.description ?? ""),
            ]
        },
        write: { (it, json) throws(CloudError) in
            guard let start = json["start"]?.string.flatMap({ IPv4($0) }),
                let end = json["end"]?.string.flatMap({ IPv4($0) }), start <= end, json.object?.count == 2
            else {
                throw .invalid(
                    "ip_addr_pool has a start and an end, which are addresses of IPv4 in this order.",
                    field: "ip_addr_pool")
            }
            (it.start, it.end) = (start, end)
        })
}

/// Orders of virtual storages, and what is shown of them.
struct VirtualStorageOrders: Sendable {
    let berths: any Berths

    private typealias It = VirtualStorage

    var routes: [Route] {
        [
            ECLStorage.list(It.face, "/detail"), ECLStorage.list(It.face), It.face.show(), create, update,
            It.face.delete(status: 200),
        ]
    }

    private var create: Route {
        Route(
            .post, .storage, It.path, action: "create", kind: It.kind, rule: .role(.member), intake: .json(),
            status: 202, "Creates a virtual storage on a network of the project.",
            example: [
                "virtual_storage": [
                    "name": "disks", "volume_type_id": .string(VolumeType.targets.text),
                    "network_id": "{berth_network}", "subnet_id": "{berth_subnet}",
                    "ip_addr_pool": ["start": "10.78.0.10", "end": "10.78.0.20"],
                    "host_routes": [["destination": "10.79.0.0/24", "nexthop": "10.78.0.1"]],
                ]
            ], schema: It.face.schema("virtual_storage")
        ) { (call) throws(CloudError) in
            var draft = VirtualStorage()
            try It.face.apply(Self.plain(try call.object("virtual_storage")), to: &draft, right: .create)
            let (value, id) = (draft, It.newID(call.dice))
            return .bytes(
                202,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    var whole = value
                    whole.type = try ECLStorage.type(value.type.text, for: call.caller, in: writer).id
                    guard let start = value.start, let end = value.end else { throw .fault("a pool without bounds") }
                    let berth = try berths.order(
                        for: Reference(id), owner: It.portOwner, on: value.network, value.subnet, from: start...end,
                        project: call.project, caller: call.caller, in: writer)
                    whole.address = berth.address
                    try Self.check(value.routes, from: berth.block)
                    return try It.face.body(
                        try writer.create(whole, id: id, project: call.project, for: call.caller), writer)
                })
        }
    }

    private var update: Route {
        Route(
            .put, .storage, It.path + "/{virtual_storage_id}", action: "update", kind: It.kind, rule: .role(.member),
            intake: .json(), status: 202, "Changes a virtual storage.",
            example: ["virtual_storage": ["name": "archive"]], schema: It.face.schema("virtual_storage")
        ) { (call) throws(CloudError) in
            let (object, id) = (
                Self.plain(try call.object("virtual_storage")), ID<VirtualStorage>(call.parameter("virtual_storage_id"))
            )
            return .bytes(
                202,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        let old = it.routes
                        try It.face.apply(object, to: &it.value, right: .update)
                        guard it.routes != old else { return }
                        try Self.check(it.routes, from: try berths.place(of: Reference(id), in: writer).block)
                    }
                    return try It.face.body(it, writer)
                })
        }
    }

    /// Without what a client names and does not say.
    private static func plain(_ object: [String: JSON]) -> [String: JSON] { object.filter { !$0.value.isNull } }

    private static func check(_ routes: [HostPath], from block: CIDR) throws(CloudError) {
        guard routes.count <= TargetSpec.mostRoutes, Set(routes.map(\.destination)).count == routes.count else {
            throw .invalid(
                "A virtual storage has at most \(TargetSpec.mostRoutes) routes, each to a destination of its own.",
                field: "host_routes")
        }
        for route in routes {
            guard block.contains(.v4(route.nextHop)) else {
                throw .invalid("The next hop \(route.nextHop) is not within \(block).", field: "host_routes")
            }
            guard !route.destination.overlaps(block) else {
                throw .invalid(
                    "\(route.destination) overlaps \(block), which is reached as it is.", field: "host_routes")
            }
        }
    }
}
