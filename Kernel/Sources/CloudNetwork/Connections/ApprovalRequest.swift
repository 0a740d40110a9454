import CloudCore
import CloudStore
import CloudWire

/// A question that one tenant's act raises for another, until that one or the asker answers it (ECL's approval request).
struct ApprovalRequest: Resource {
    /// The tenant that answers.
    var approver = ""
    /// The user who asked, and with which body.
    var userID = "", body = ""
    /// The tenant connection request that waits for it.
    var target = ""
    var status = Status.registered

    enum Status: String, CaseIterable, Sendable { case registered, approved, denied, cancelled, expired }

    init() {}

    static let kind = Kind("approval_request", "approval_requests", service: Service.sss.name)
    static let access = Access.project
    static let partner: String? = "approver_id"
    static let fields: [Field<ApprovalRequest>] = [
        .text("approver_id", \.approver, [.read, .indexed], max: 64, "The tenant that answers."),
        .text("request_user_id", \.userID, [.read], max: 64, "The user who asked."),
        .text("body", \.body, [], max: 65_535, "The body that was sent, as JSON."),
        .text("target_id", \.target, [.indexed], max: 64, "What waits for it."),
        .choice("status", \.status, [.read, .indexed], "The answer."),
    ]

    /// How long an answer is waited for.
    static let patience = Duration.seconds(7 * 86_400)

    /// A number that no other has: `req` and ten digits that follow from what waits.
    static func freshID(for target: ID<TenantConnectionRequest>, in reader: any Reader) throws(CloudError) -> ID<Self> {
        var number = target.text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        for _ in 0..<64 {
            let digits = String(number % 10_000_000_000)
            let id = ID<Self>("req" + String(repeating: "0", count: 10 - digits.utf8.count) + digits)
            if try reader.find(id) == nil { return id }
            number &+= 1
        }
        throw .fault("no number is left for an approval request")
    }
}

extension ApprovalRequest: Governed {}

extension Stored where R == ApprovalRequest {
    var deadline: Instant { createdAt + ApprovalRequest.patience }

    /// Takes an answer from whoever may give it, and has what waits for it go on.
    func answer(_ status: ApprovalRequest.Status, for caller: Caller, in writer: any Writer) throws(CloudError) {
        switch status {
        case .approved, .denied:
            guard caller.isOperator || isSharedWith(caller) else {
                throw CloudError(.forbidden, "Approval request \(id) is for the other tenant to answer.")
            }
        case .cancelled:
            guard belongs(to: caller) else {
                throw CloudError(.forbidden, "Approval request \(id) is the other tenant's to cancel.")
            }
        case .registered, .expired:
            throw .invalid("status must be approved, denied or cancelled.", field: "status")
        }
        guard value.status == .registered else {
            throw .conflict("Approval request \(id) has been answered already: it is \(value.status.rawValue).")
        }
        guard writer.now < deadline else { throw .conflict("Approval request \(id) has expired.") }
        var request = try writer.get(ID<TenantConnectionRequest>(value.target))
        try request.settle(status, in: writer)
        try writer.change(&request)
    }
}

/// These live with the identity service's other things of ECL (`sssv2`), where its clients look for them.
extension Connectivity {
    private static let path = "/approval-requests"

    private var face: Face<ApprovalRequest> {
        let region = region
        return Face(
            .sss, Self.path, "", "approval_requests",
            [
                .id("request_id"), .field("approver_id"), .field("request_user_id"), .field("status"),
                .computed("external_request_id", "What waits for the answer.") { (it, _) in .string(it.target) },
                .computed("approver_type", "Who answers.") { (_, _) in "tenant_owner" },
                .computed("service", "The service that asks.") { (_, _) in .string(Service.connectivity.type) },
                .computed("actions", "What is done once it is approved.") { (it, _) throws(CloudError) in
                    [
                        [
                            "service": .string(Service.connectivity.type), "region": .string(region),
                            "api_path": .string(TenantConnectionRequest.path), "method": "POST",
                            "body": try JSON.parse(Array(it.body.utf8)),
                        ]
                    ]
                },
                .computed("descriptions", "What is asked, in words.") { (_, _) in
                    [["lang": "en", "text": "A tenant asks to open a network of its own to this tenant."]]
                },
                .computed("approval_deadline", "Until when it may be answered.") { (it, _) in
                    .string(it.deadline.plainText)
                },
                .computed("approval_expire", "An approval does not run out.") { (_, _) in .null },
                .computed("registered_time", "When it was asked.") { (it, _) in .string(it.createdAt.plainText) },
                .computed("updated_time", "When it was last changed.") { (it, _) in .string(it.updatedAt.plainText) },
            ])
    }

    private static func write(
        _ it: Stored<ApprovalRequest>, _ reader: any Reader, _ face: Face<ApprovalRequest>, _ call: Call,
        into writer: inout JSONWriter
    ) throws(CloudError) {
        try face.write(it, reader, into: &writer)
        writer.field("request_user", .bool(it.project == call.project))
        writer.field("approver", .bool(it.isSharedWith(call.caller)))
    }

    var approvalRoutes: [Route] {
        let face = face
        let one = Self.path + "/{approval_request_id}"
        return [
            Route(
                .get, .sss, Self.path, action: "list", kind: ApprovalRequest.kind, rule: .role(.reader),
                "Lists what waits for the tenant's answer, and what the tenant waits for.",
                schema: face.schema(face.plural, list: true)
            ) { (call) throws(CloudError) in
                try await face.page(call, strict: true) { (it, reader, writer, _) throws(CloudError) in
                    try Self.write(it, reader, face, call, into: &writer)
                } next: { _, _ in
                }
            },
            Route(
                .get, .sss, one, action: "show", kind: ApprovalRequest.kind, rule: .role(.reader),
                "Shows one question between tenants.", schema: face.schema("")
            ) { (call) throws(CloudError) in
                let id = ID<ApprovalRequest>(call.parameter("approval_request_id"))
                return try await call.store.read { (reader) throws(CloudError) in
                    let it = try reader.get(id, for: call.caller)
                    return try .write(200) { (writer) throws(CloudError) in
                        try Self.write(it, reader, face, call, into: &writer)
                    }
                }
            },
            Route(
                .put, .sss, one, action: "answer", kind: ApprovalRequest.kind, rule: .role(.member),
                intake: .json(max: 4096), status: 204,
                "Answers: the tenant that is asked approves or denies, the one that asked cancels.",
                example: ["status": "approved"]
            ) { (call) throws(CloudError) in
                let id = ID<ApprovalRequest>(call.parameter("approval_request_id"))
                let wish = try call.object("")
                for name in wish.keys.sorted() where name != "status" {
                    throw .invalid("Unrecognized attribute(s) '\(name.prefix(64))'.", field: name)
                }
                guard let status = wish["status"]?.string.flatMap(ApprovalRequest.Status.init(rawValue:)) else {
                    throw .invalid("status must be approved, denied or cancelled.", field: "status")
                }
                try await call.write(id.text) { (writer) throws(CloudError) in
                    try writer.get(id, for: call.caller).answer(status, for: call.caller, in: writer)
                }
                return Response(204)
            },
        ]
    }
}
