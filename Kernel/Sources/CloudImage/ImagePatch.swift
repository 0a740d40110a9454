import CloudCore
import CloudStore
import CloudWire

/// One operation of a JSON patch (RFC 6902) as Glance takes it: add, replace and remove of single names.
struct ImagePatch: Sendable {
    private let operation: String, name: String, value: JSON

    /// Media types of a patch; `1` and `0` spell an operation differently.
    private static let types = [
        "application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch",
    ]

    static let route = Route(
        .patch, .image, "/v2/images/{image_id}", action: "update", kind: Image.kind, rule: .role(.member),
        intake: .json(), "Changes an image.", example: [["op": "replace", "path": "/name", "value": "debian 12"]]
    ) { (call) throws(CloudError) in
        let type = call.request.headers["content-type"]?.split(separator: ";").first.map(String.init) ?? types[0]
        guard types.contains(type) || type == "application/json" else {
            throw CloudError(.badType, "A patch is sent as \(types[0]).")
        }
        guard let steps = call.body.array, steps.count <= 128 else {
            throw .invalid("The body must be a list of at most 128 operations.")
        }
        var patches: [ImagePatch] = []
        for step in steps { patches.append(try ImagePatch(step)) }
        let (id, all) = (ID<Image>(call.parameter("image_id")), patches)
        return .bytes(
            200,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.reviseImage(id, for: call.caller) { (it) throws(CloudError) in
                    for patch in all { try patch.apply(to: &it, for: call.caller) }
                }
                return try Image.body(it, writer)
            })
    }

    init(_ step: JSON) throws(CloudError) {
        let short = ["add", "replace", "remove"].first { step[$0] != nil }
        guard let operation = step["op"]?.string ?? short,
            let path = step["path"]?.string ?? short.flatMap({ step[$0]?.string }), path.hasPrefix("/"), path.count > 1
        else { throw .invalid("An operation has an op and a path.") }
        guard !path.dropFirst().contains("/") else {
            throw .invalid("Only single names can be changed.", field: "path")
        }
        guard operation == "remove" || step["value"] != nil else {
            throw .invalid("The operation has no value.", field: "value")
        }
        self.operation = operation
        name = String(path.dropFirst()).replacing("~1", with: "/").replacing("~0", with: "~")
        value = step["value"] ?? .null
    }

    private func apply(to it: inout Stored<Image>, for caller: Caller) throws(CloudError) {
        // The owner is no field of the image, but whose row it is.
        guard name == "owner", operation != "remove", caller.isOperator else { return try apply(to: &it.value) }
        try FieldType.text(max: 64, lines: false).check(value, name: name)
        guard let owner = value.string, !owner.isEmpty else { throw .invalid("An image has an owner.", field: name) }
        it = it.given(to: ID(owner))
    }

    private func apply(to image: inout Image) throws(CloudError) {
        switch operation {
        case "add", "replace":
            let isAttribute = Image.face.attributes.contains { $0.name == name }
            if operation == "replace", image.properties[name] == nil, !isAttribute, !Image.isReserved(name) {
                throw .conflict("There is no property '\(name)' to replace.")
            }
            try Image.set(name, value, on: &image, right: .update)
        case "remove":
            if !Image.isReserved(name), image.properties[name] == nil {
                throw .conflict("There is no property '\(name)' to remove.")
            }
            guard image.properties.removeValue(forKey: name) != nil else {
                throw CloudError(.forbidden, "'\(name)' is no property that can be removed.", field: name)
            }
        default: throw .invalid("The op must be add, replace or remove.", field: "op")
        }
    }
}
