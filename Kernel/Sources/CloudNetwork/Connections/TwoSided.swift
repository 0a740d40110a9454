import CloudCore
import CloudStore
import CloudWire

/// What two tenants see, each with a name and description of its own for it.
protocol TwoSided: Governed {
    /// The tenant that does not own it.
    var other: String { get set }
    var labels: SideLabels { get set }
    var otherLabels: SideLabels { get set }
}

/// What one side calls it.
struct SideLabels: Hashable, Sendable {
    var name = "", description = ""
    var tags: [String: String] = [:]
}

extension TwoSided {
    /// The fields of both sides.
    static var sideFields: [Field<Self>] {
        [
            .text("tenant_id_other", \.other, [.read, .create, .indexed], max: 64, "The other tenant."),
            .text("name", \.labels.name, [.read, .create, .update], "The owner's name for it."),
            .text(
                "description", \.labels.description, [.read, .create, .update], max: 1024, "The owner's words on it."),
            .value("tags", \.labels.tags, [.read, .create, .update], max: 8192, "The owner's names and values."),
            .text("name_other", \.otherLabels.name, [.read, .update], "The other tenant's name for it."),
            .text(
                "description_other", \.otherLabels.description, [.read, .update], max: 1024, "The other tenant's words."
            ),
            .value(
                "tags_other", \.otherLabels.tags, [.read, .update], max: 8192, "The other tenant's names and values."),
        ]
    }

    func checkTags() throws(CloudError) {
        try TagBounds.check(labels.tags)
        try TagBounds.check(otherLabels.tags)
    }
}

extension Attribute where R: TwoSided {
    /// What each tenant calls it.
    static var sides: [Attribute<R>] {
        ["name", "description", "tags", "name_other", "description_other", "tags_other"].map { .field($0) }
    }
}

extension Attribute {
    /// The project that owns it: the caller's, whoever that is.
    static func readOwner(_ wire: String) -> Self {
        Attribute(
            wire, column: "project_id", type: .text(max: 64, lines: false), rights: .read, "The project that owns it.",
            read: { (it, _) throws(CloudError) in .string(it.project.text) }, write: nil)
    }
}

extension Face where R: TwoSided {
    /// Changes what the caller's side calls it, and leaves the other's alone.
    func updateSide(example: JSON) -> Route {
        let face = self
        return Route(
            .put, service, path + "/{\(R.kind.name)_id}", action: "update", kind: R.kind, rule: .role(.member),
            intake: .json(max: Operation.mostBody), "Changes what the caller's tenant calls it.",
            example: [singular: example], schema: schema(singular)
        ) { (call) throws(CloudError) in
            let object = try call.object(face.singular)
            let id = ID<R>(call.parameter("\(R.kind.name)_id"))
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    var it = try writer.get(id, for: call.caller)
                    guard it.deletingSince == nil else { throw .conflict("\(R.kind.title) \(id) is being deleted.") }
                    let sides = (mine: it.belongs(to: call.caller), theirs: it.isTheOthers(call.caller))
                    try face.apply(object, to: &it.value, right: .update)
                    for name in object.keys.sorted() {
                        guard name.hasSuffix("_other") ? sides.theirs : sides.mine else {
                            throw CloudError(.forbidden, "'\(name)' is for the other tenant to say.", field: name)
                        }
                    }
                    try it.value.checkTags()
                    try writer.change(&it)
                    return try face.body(it, writer)
                })
        }
    }
}

extension Stored where R: TwoSided {
    /// Whether a caller speaks for the other tenant.
    func isTheOthers(_ caller: Caller) -> Bool { caller.isOperator || isSharedWith(caller) }
}
