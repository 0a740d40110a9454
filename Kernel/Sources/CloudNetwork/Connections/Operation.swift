import CloudCore
import CloudStore
import CloudWire

/// One order of a tenant about its connections: when it came, what it was, and what became of it.
struct Operation: Resource {
    var target = "", targetType = "", request = Request.create
    var status = Status.processing
    /// The body of the call, as JSON text; empty where it had none.
    var body = ""
    /// Why it failed, for people.
    var fault = ""
    var finishedAt: Instant?

    enum Request: String, CaseIterable, Sendable { case create, delete }
    enum Status: String, CaseIterable, Sendable {
        case processing = "PROCESSING", complete = "COMPLETE", error = "ERROR"
    }

    init() {}

    static let kind = Kind("operation", "operations", service: Service.connectivity.name)
    static let access = Access.project
    static func goesWithProject(_ it: Operation) -> Bool { true }
    static let fields: [Field<Operation>] = [
        .text("resource_id", \.target, [.read, .indexed], max: 64, "What it is about."),
        .text("resource_type", \.targetType, [.read], max: 64, "The sort of thing that is."),
        .choice("request_type", \.request, [.read], "What was ordered."),
        .choice("operation_status", \.status, [.read], "What became of it."),
        .text("request_body", \.body, [.read], max: 65_535, "The call's body, as JSON."),
        .text("fault", \.fault, [], max: 1024, "Why it failed."),
        .time("commit_datetime", \.finishedAt, [.read], "When it had ended."),
    ]

    /// So many are kept of one project.
    static let most = 200
    /// Bytes that the body of an order may have.
    static let mostBody = 16 << 10

    /// Writes an order down in the transaction that carries it out; the oldest make room.
    static func begin<R: Resource>(
        _ request: Request, _ target: ID<R>, _ call: Call, in writer: any Writer
    ) throws(CloudError) {
        let mine = Query(kind).with("project_id", .string(call.project.text))
        let excess = try writer.count(mine) - most + 1
        if excess > 0 {
            var oldest = mine
            oldest.limit = excess
            for it in try writer.rows(oldest) { try writer.remove(Reference(kind, it.id)) }
        }
        var draft = Operation()
        (draft.target, draft.targetType, draft.request) = (target.text, R.kind.name, request)
        draft.body = call.body.isNull ? "" : call.body.text
        try writer.insert(draft, id: ID(call.dice.uuid()), project: call.project)
    }

    /// Writes down how whatever goes on with a thing has ended: `fault` says why it did not succeed.
    static func finish<R: Resource>(_ target: ID<R>, fault: String = "", in writer: any Writer) throws(CloudError) {
        for var it in try writer.list(Operation.self, where: "resource_id", .string(target.text))
        where it.status == .processing {
            (it.finishedAt, it.value.fault) = (writer.now, fault)
            it.value.status = fault.isEmpty ? .complete : .error
            try writer.update(&it)
        }
    }

    private static let face = Face<Operation>(
        .connectivity, "/v2.0/operations", "operation", "operations",
        [
            .id(), .id("operation_id"), .field("resource_id"), .field("resource_type"), .field("request_type"),
            .field("operation_status"), .field("request_body"), .readOwner("tenant_id"),
            .computed("service_type", "The service.") { (_, _) in .string(Service.connectivity.type) },
            .computed("reception_datetime", "When it came.") { (it, _) in .string(it.createdAt.plainText) },
            .computed("commit_datetime", "When it had ended; null while it goes on.") { (it, _) in
                it.finishedAt.map { .string($0.plainText) } ?? .null
            },
            .computed("error", "Why it failed, as JSON; null where it did not.") { (it, _) in
                it.fault.isEmpty ? .null : .string(JSON.object(["message": .string(it.fault)]).text)
            },
        ])

    static let routes = [face.list(), face.show()]
}

extension Operation: Governed {}
