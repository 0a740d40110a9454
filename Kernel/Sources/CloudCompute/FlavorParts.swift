import CloudCore
import CloudStore
import CloudWire

/// Which flavors a list asks for.
struct FlavorPick: Sendable {
    private let caller: Caller
    private let minRAM: Int, minDisk: Int, limit: Int
    private let marker: String?
    /// Nil for both kinds.
    private let isPublic: Bool?

    init(_ call: Call) throws(CloudError) {
        func number(_ name: String, _ standard: Int) throws(CloudError) -> Int {
            guard let text = call.request[query: name] else { return standard }
            guard let number = Int(text), number >= 0 else {
                throw .invalid("\(name) must be a whole number that is not negative.", field: name)
            }
            return number
        }
        caller = call.caller
        (minRAM, minDisk) = (try number("minRam", 0), try number("minDisk", 0))
        let wanted = try number("limit", 1000)
        limit = wanted == 0 ? 1000 : min(wanted, 1000)
        marker = call.request[query: "marker"].flatMap { $0.isEmpty ? nil : $0 }
        let wish = call.request[query: "is_public"]
        isPublic = wish.flatMap { Bool(word: $0) }
        guard isPublic != nil || wish == nil || wish?.lowercased() == "none" else {
            throw .invalid("is_public must be true, false or None.", field: "is_public")
        }
    }

    func page(_ reader: any Reader) throws(CloudError) -> (found: [Row], goesOn: Bool) {
        var query = Query(Flavor.kind, limit: .max)
        query.order = [Query.Order("ram")]
        var all: ArraySlice<Row> = []
        for row in try reader.rows(query) where picks(try row.decode(Flavor.self)) { all.append(row) }
        if let marker {
            guard let place = all.firstIndex(where: { $0.id == marker }) else {
                throw .invalid("marker [\(marker.prefix(64))] not found", field: "marker")
            }
            all = all[(place + 1)...]
        }
        return (Array(all.prefix(limit)), all.count > limit)
    }

    private func picks(_ it: Stored<Flavor>) -> Bool {
        it.value.isOpen(to: caller) && it.ram >= minRAM && it.disk >= minDisk
            && (isPublic ?? it.isPublic) == it.isPublic
    }
}

extension Flavor {
    private static let specsPath = itemPath + "/os-extra_specs"

    private static func checkSpecs(_ specs: [String: String]) throws(CloudError) {
        for (name, value) in specs {
            let isName =
                !name.isEmpty && name.count <= 255
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_:. ".contains($0)) }
            guard isName, value.count <= 255 else {
                throw .invalid(
                    "Extra specs have names of letters, digits and -_:. of at most 255.", field: "extra_specs")
            }
        }
    }

    private static func noSpec(_ call: Call) -> CloudError {
        CloudError(
            .missing,
            "Flavor \(call.parameter("flavor_id")) has no extra specs with key \(call.parameter("spec_key").prefix(64))."
        )
    }

    private static func change(
        _ call: Call, _ body: @escaping @Sendable (inout Flavor) throws(CloudError) -> Void
    ) async throws(CloudError) -> Stored<Flavor> {
        let id = ID<Flavor>(call.parameter("flavor_id"))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try writer.revise(id, for: call.caller) { (it) throws(CloudError) in try body(&it.value) }
        }
    }

    static let specRoutes: [Route] = [
        Route(
            .get, .compute, specsPath, action: "list_specs", kind: kind, rule: .role(.reader),
            "Shows a flavor's extra specs."
        ) {
            (call) throws(CloudError) in
            .json(
                200,
                [
                    "extra_specs": try await call.store.read { (reader) throws(CloudError) in
                        try open(call, in: reader).extraSpecs.json
                    }
                ])
        },
        Route(
            .get, .compute, specsPath + "/{spec_key}", action: "show_spec", kind: kind, rule: .role(.reader),
            "Shows one of a flavor's extra specs."
        ) {
            (call) throws(CloudError) in
            let it = try await call.store.read { (reader) throws(CloudError) in try open(call, in: reader) }
            guard let value = it.extraSpecs[call.parameter("spec_key")] else { throw noSpec(call) }
            return .json(200, [call.parameter("spec_key"): .string(value)])
        },
        Route(
            .post, .compute, specsPath, action: "add_specs", kind: kind, rule: .operator, intake: .json(),
            "Adds to a flavor's extra specs.",
            example: ["extra_specs": ["hw:cpu_policy": "shared"]]
        ) { (call) throws(CloudError) in
            let specs = try [String: String](json: call.body["extra_specs"] ?? .null)
            try checkSpecs(specs)
            _ = try await change(call) { (flavor) throws(CloudError) in flavor.extraSpecs.merge(specs) { _, new in new }
            }
            return .json(200, ["extra_specs": specs.json])
        },
        Route(
            .put, .compute, specsPath + "/{spec_key}", action: "set_spec", kind: kind, rule: .operator, intake: .json(),
            "Sets one of a flavor's extra specs.", example: ["hw:cpu_policy": "shared"]
        ) { (call) throws(CloudError) in
            let (key, specs) = (call.parameter("spec_key"), try [String: String](json: call.body))
            guard specs.count == 1, let value = specs[key] else {
                throw .invalid("The body must hold the one spec that the path names.")
            }
            try checkSpecs(specs)
            _ = try await change(call) { (flavor) throws(CloudError) in flavor.extraSpecs[key] = value }
            return .json(200, specs.json)
        },
        Route(
            .delete, .compute, specsPath + "/{spec_key}", action: "remove_spec", kind: kind, rule: .operator,
            "Removes one of a flavor's extra specs."
        ) {
            (call) throws(CloudError) in
            _ = try await change(call) { (flavor) throws(CloudError) in
                guard flavor.extraSpecs.removeValue(forKey: call.parameter("spec_key")) != nil else {
                    throw noSpec(call)
                }
            }
            return Response(200)
        },
    ]

    private static func access(_ it: Stored<Flavor>) -> JSON {
        .array(it.projects.map { ["flavor_id": .string(it.id.text), "tenant_id": .string($0)] })
    }

    static let accessRoutes: [Route] = [
        Route(
            .get, .compute, itemPath + "/os-flavor-access", action: "list_access", kind: kind, rule: .operator,
            "Shows who may use a flavor that is not public."
        ) {
            (call) throws(CloudError) in
            let it = try await call.store.read { (reader) throws(CloudError) in try open(call, in: reader) }
            return .json(200, ["flavor_access": access(it)])
        },
        Route(
            .post, .compute, itemPath + "/action", action: "change_access", kind: kind, rule: .operator,
            intake: .json(),
            "Lets a project use a flavor that is not public, or no more.",
            example: ["addTenantAccess": ["tenant": "0b5e0b5e000040008000000000000000"]]
        ) { (call) throws(CloudError) in
            let (added, removed) = (
                call.body["addTenantAccess"]?["tenant"]?.string, call.body["removeTenantAccess"]?["tenant"]?.string
            )
            guard let project = added ?? removed, added == nil || removed == nil else {
                throw .invalid("The body must hold addTenantAccess or removeTenantAccess with a tenant.")
            }
            try FieldType.text(max: 64, lines: false).check(.string(project), name: "tenant")
            let version = call.microversion
            let it = try await change(call) { (flavor) throws(CloudError) in
                guard !flavor.isPublic || version < 7 else { throw .conflict("Can not add access to a public flavor.") }
                let place = flavor.projects.firstIndex(of: project)
                if added != nil {
                    guard place == nil else {
                        throw .conflict("Flavor access already exists for flavor and project \(project).")
                    }
                    flavor.projects.append(project)
                } else {
                    guard let place else {
                        throw CloudError(.missing, "Flavor access not found for project \(project).")
                    }
                    flavor.projects.remove(at: place)
                }
            }
            return .json(200, ["flavor_access": access(it)])
        },
    ]
}
