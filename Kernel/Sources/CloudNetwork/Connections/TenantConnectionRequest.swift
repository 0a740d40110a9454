import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A tenant's wish to open a network of its own to another tenant. Once that one approves, it may connect devices.
struct TenantConnectionRequest: Lifecycle, TwoSided {
    var network = ID<LogicalNetwork>("")
    var other = ""
    var labels = SideLabels(), otherLabels = SideLabels()
    /// The question to the other tenant.
    var approval = ""
    var status = Status.registering

    enum Status: String, CaseIterable, Sendable { case registering, registered, denied, cancelled, expired }
    enum Label: String, CaseIterable, Sendable { case ask, destroy }

    init() {}

    static let kind = Kind(
        "tenant_connection_request", "tenant_connection_requests", service: Service.connectivity.name)
    static let access = Access.project
    static let partner: String? = "tenant_id_other"
    static let fields: [Field<TenantConnectionRequest>] =
        sideFields + [
            .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network that is opened."),
            .text("approval_request_id", \.approval, [.read, .indexed], max: 64, "The question to the other tenant."),
            .choice("status", \.status, [.read, .indexed], "Whether the other tenant has approved."),
        ]

    /// The space in which a network's openings are claimed, by tenant.
    private static func space(_ network: ID<LogicalNetwork>) -> String { "tenant-connection-request:" + network.text }

    static func step(
        _ label: Label, _ turn: inout Turn<TenantConnectionRequest>, in world: Void
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        guard label == .ask else { return .gone }
        let deadline = turn.it.createdAt + ApprovalRequest.patience
        guard turn.it.status == .registering else { return .rest }
        guard turn.now >= deadline else { return .nap(deadline - turn.now) }
        let it = turn.it
        turn.it.status = .expired
        turn.also { (writer) throws(CloudError) in
            var settled = it
            try settled.settle(.expired, in: writer)
        }
        return .rest
    }

    static func failed(
        _ label: Label, _ turn: inout Turn<TenantConnectionRequest>, _ error: CloudError
    ) -> Next<Label> { .nap(.seconds(30)) }
}

extension TenantConnectionRequest {
    static let quota = 100

    static func admit(
        _ draft: inout Stored<TenantConnectionRequest>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let network = try writer.own(draft.network, for: caller)
        guard network.project == draft.project else {
            throw .missing(LogicalNetwork.kind.title, draft.network.text)
        }
        guard !network.isExternal else { throw .invalid("The network is open to all already.", field: "network_id") }
        guard !draft.other.isEmpty, draft.other.isPlain else {
            throw .invalid("tenant_id_other must be the id of a tenant.", field: "tenant_id_other")
        }
        guard draft.other != draft.project.text else {
            throw .invalid("The network is this tenant's own.", field: "tenant_id_other")
        }
        try draft.value.checkTags()
        do throws(CloudError) {
            try writer.claim(space(draft.network), draft.other, for: Reference(draft.id))
        } catch  where error.code == .conflict {
            throw .conflict("Network \(draft.network) is opened to tenant \(draft.other) by another request already.")
        }
        var approval = ApprovalRequest()
        (approval.approver, approval.userID) = (draft.other, caller.user?.text ?? "")
        approval.target = draft.id.text
        let body: JSON = [
            "tenant_connection_request": [
                "tenant_id_other": .string(draft.other), "network_id": .string(draft.network.text),
            ]
        ]
        approval.body = body.text
        let id = try ApprovalRequest.freshID(for: draft.id, in: writer)
        try writer.insert(approval, id: id, project: draft.project)
        draft.value.approval = id.text
    }

    /// It goes with the question, once nothing is connected by it any more.
    static func admitRemoval(
        of it: Stored<TenantConnectionRequest>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        var query = Query(TenantConnection.kind, limit: 4).with("tenant_connection_request_id", .string(it.id.text))
        query.includesDeleting = true
        let users = try writer.rows(query).map(\.id)
        guard users.isEmpty else {
            throw .conflict(
                "Tenant connection request \(it.id) is in use by tenant connection "
                    + users.prefix(3).joined(separator: ", ") + (users.count > 3 ? ", …" : "") + ".")
        }
        try writer.release(space(it.network), it.other)
        try writer.remove(Reference(ID<ApprovalRequest>(it.approval)))
    }
}

extension Stored where R == TenantConnectionRequest {
    /// Takes over how its question was answered: only what is approved keeps its claim on the network.
    mutating func settle(_ answer: ApprovalRequest.Status, in writer: any Writer) throws(CloudError) {
        var approval = try writer.get(ID<ApprovalRequest>(value.approval))
        approval.status = answer
        try writer.update(&approval)
        value.status =
            switch answer {
            case .registered: .registering
            case .approved: .registered
            case .denied: .denied
            case .cancelled: .cancelled
            case .expired: .expired
            }
        guard answer != .approved else { return try Operation.finish(id, in: writer) }
        try writer.release("tenant-connection-request:" + value.network.text, value.other)
        try Operation.finish(id, fault: "The request was \(answer.rawValue).", in: writer)
    }
}

extension TenantConnectionRequest {
    static let path = "/v2.0/tenant_connection_requests"

    static let face = Face<TenantConnectionRequest>(
        .connectivity, path, "tenant_connection_request", "tenant_connection_requests",
        [
            .id(), .id("tenant_connection_request_id"), .field("network_id"),
            .field("tenant_id_other", rights: [.read, .create, .required]), .field("approval_request_id"),
            .field("status"), .owner("tenant_id"),
        ] + Attribute.sides)

    static let routes = [
        face.list(), face.show(), create,
        face.updateSide(example: ["name": "to our supplier"]),
        Route(
            .delete, .connectivity, path + "/{tenant_connection_request_id}", action: "delete", kind: kind,
            rule: .role(.member), status: 204, "Closes a network to another tenant, which has nothing connected to it."
        ) { (call) throws(CloudError) in
            let id = ID<TenantConnectionRequest>(call.parameter("tenant_connection_request_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                try writer.withdraw(id, for: call.caller)
                try Operation.finish(id, fault: "The request was deleted.", in: writer)
                try Operation.begin(.delete, id, call, in: writer)
                try Operation.finish(id, in: writer)
            }
            return Response(204)
        },
    ]

    private static let create = Route(
        .post, .connectivity, path, action: "create", kind: kind, rule: .role(.member),
        intake: .json(max: Operation.mostBody), "Asks another tenant whether it wants to be on a network.",
        example: [
            "tenant_connection_request": [
                "network_id": "{subnet.network_id}", "tenant_id_other": "{partner}", "name": "to our supplier",
            ]
        ], schema: face.schema(face.singular)
    ) { (call) throws(CloudError) in
        let object = try call.object(face.singular)
        var draft = TenantConnectionRequest()
        try face.apply(object, to: &draft, right: .create)
        let (value, owner) = (draft, try face.owner(object, call))
        let id = newID(call.dice)
        return .bytes(
            200,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: owner, for: call.caller)
                try Operation.begin(.create, id, call, in: writer)
                return try face.body(it, writer)
            })
    }
}
