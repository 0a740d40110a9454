import CloudCore
import CloudStore
import CloudWire

/// Projects as ECL's own clients know them (`/tenants` of service `sssv2`). A tenant is in a workspace, which is a
/// domain, and has the name of that; this cloud is one region, so that a workspace gets one tenant in this way.
struct SSSTenants: Sendable {
    let directory: Directory
    let region: String

    var routes: [Route] { [list, show, create] }

    private var face: Face<Project> {
        let region = region
        return Face<Project>(
            .sss, "/tenants", "", "tenants",
            [
                .id("tenant_id"), .field("name", as: "tenant_name", rights: .read),
                .field("description", rights: .read),
                .field("domain_id", as: "workspace_id", rights: [.read, .create, .required]),
                Attribute(
                    "region", type: .text(max: 64, lines: false), rights: [.read, .create, .required],
                    "The region it is in: this cloud's.", read: { (_, _) throws(CloudError) in .string(region) },
                    write: { (_, json) throws(CloudError) in
                        guard json.string == region else { throw .invalid("The region is \(region).", field: "region") }
                    }),
                .computed("start_time", "Since when there is this tenant.") { (it, _) in .string(it.createdAt.sssText)
                },
            ])
    }

    private var list: Route {
        let face = face
        return Route(
            .get, .sss, "/tenants", action: "list", kind: Project.kind, rule: .signedIn,
            "Lists the tenants that one has a role on, and all of them for an operator.",
            schema: face.schema("tenants", list: true)
        ) { (call) throws(CloudError) in
            try await face.page(call, strict: true) { (query) throws(CloudError) in
                guard !call.caller.isOperator else { return }
                let mine = directory.see { Project.seen(by: call.caller, $0) }
                query = query.with("id", among: mine.map { .string($0.text) })
            } write: { (it, reader, writer, _) throws(CloudError) in
                try write(it, reader, call, into: &writer)
            } next: { _, _ in
            }
        }
    }

    private var show: Route {
        Route(
            .get, .sss, "/tenants/{project_id}", action: "show", kind: Project.kind, rule: .signedIn,
            "Shows a tenant that one has a role on.", schema: face.schema("")
        ) { (call) throws(CloudError) in
            let id = ID<Project>(call.parameter("project_id"))
            try Project.requireSight(id, call, directory)
            return try await call.store.read { (reader) throws(CloudError) in
                let it = try reader.get(id)
                return try .write(200) { (writer) throws(CloudError) in try write(it, reader, call, into: &writer) }
            }
        }
    }

    private var create: Route {
        let face = face
        return Route(
            .post, .sss, "/tenants", action: "create", kind: Project.kind, rule: .operator, intake: .json(),
            status: 201, "Creates the tenant of a workspace in a region.",
            example: ["workspace_id": "{domain}", "region": .string(region)], schema: face.schema("")
        ) { (call) throws(CloudError) in
            var draft = Project()
            try face.apply(try call.object(""), to: &draft, right: .create)
            let (value, id) = (draft, Project.newID(call.dice))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                var value = value
                value.name = try writer.get(value.domain).value.name
                let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                return try .write(201) { (body) throws(CloudError) in try write(it, writer, call, into: &body) }
            }
        }
    }

    private func write(_ it: Stored<Project>, _ reader: any Reader, _ call: Call, into writer: inout JSONWriter)
        throws(CloudError)
    {
        try face.write(it, reader, into: &writer)
        writer.field("region_api_endpoint", .string(call.base))
    }
}
