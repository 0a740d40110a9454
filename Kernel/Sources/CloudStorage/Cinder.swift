import CloudCore
import CloudStore
import CloudWire

/// What all of Cinder's collections have in common (Block Storage API v3).
enum Cinder {
    /// A list as Cinder shows it: newest first, links to the next page, unknown filters ignored.
    ///
    /// - Parameters:
    ///   - only: the attributes of a short list; empty for all.
    ///   - narrow: further conditions.
    static func list<R: Governed>(
        _ face: Face<R>, _ suffix: String = "", only: Set<String> = [],
        narrow: @escaping @Sendable (inout Query, Call) throws(CloudError) -> Void = { (_, _) throws(CloudError) in }
    ) -> Route {
        Route(
            .get, face.service, face.path + suffix, action: "list", kind: R.kind, rule: .role(.reader),
            "Lists the \(face.plural.map { $0 == "_" ? " " : String($0) }.joined()) of the project.",
            schema: face.schema(face.plural, list: true)
        ) { (call) throws(CloudError) in
            do throws(CloudError) {
                return try await page(call, face, only: only, narrow: narrow)
            } catch {
                // Here a marker that names nothing is a thing that is not there.
                throw error.field == "marker" ? CloudError(.missing, error.message) : error
            }
        }
    }

    private static func page<R: Governed>(
        _ call: Call, _ face: Face<R>, only: Set<String>,
        narrow: @escaping @Sendable (inout Query, Call) throws(CloudError) -> Void
    ) async throws(CloudError) -> Response {
        try await face.page(
            call, strict: false,
            adjust: { (query) throws(CloudError) in
                let request = call.request
                if request[query: "sort"] == nil, request[query: "sort_key"] == nil {
                    query.order = [Query.Order("created_at", ascending: false)]
                }
                try narrow(&query, call)
            },
            write: { (it, reader, writer, _) throws(CloudError) in
                try face.write(it, reader, into: &writer, only: only)
            },
            next: { writer, marker in
                let more = call.base + call.request.nextPath(marker)
                writer.field(face.plural + "_links", [["rel": "next", "href": .string(more)]])
            })
    }

    /// A body with the names of before version 3 made today's, and no description for an empty one.
    static func renamed(_ object: [String: JSON]) -> [String: JSON] {
        var object = object
        for (old, new) in [("display_name", "name"), ("display_description", "description")] {
            if let value = object.removeValue(forKey: old), object[new] == nil { object[new] = value }
        }
        if object["description"]?.isNull ?? false { object["description"] = "" }
        return object
    }

    private static func describe(_ call: Call) -> JSON {
        [
            "id": "v3.0", "status": "CURRENT", "version": .string(Microversion.volume.newest),
            "min_version": .string(Microversion.volume.oldest), "updated": "2026-11-01T00:00:00Z",
            "links": [["rel": "self", "href": .string(call.base + "/volume/v3/")]],
            "media-types": [["base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"]],
        ]
    }

    /// The version documents.
    static let versions = ["", "/v3", "/v3/{project_id}"].map { path in
        Route(.get, .volume, path, action: "show", rule: .anyone, "Block storage's versions.") {
            (call) throws(CloudError) in .json(path.isEmpty ? 300 : 200, ["versions": [describe(call)]])
        }
    }

    static let zones = Route(
        .get, .volume, "/v3/{project_id}/os-availability-zone", action: "list", rule: .role(.reader),
        "Lists the zones that volumes may be in."
    ) { (_) throws(CloudError) in
        .json(200, ["availabilityZoneInfo": [["zoneName": .string(zone), "zoneState": ["available": true]]]])
    }

    /// The one zone there is so far.
    static let zone = "nova"
}
