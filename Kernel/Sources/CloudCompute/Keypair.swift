import CloudCore
import CloudStore
import CloudWire

/// Makes and reads keys; a library's or tool's work.
public protocol KeyMaker: Sendable {
    /// A new key pair: the public key's line or the certificate, and the private key, which is not kept.
    func make(_ type: Keypair.KeyType, _ comment: String) async throws(CloudError)
        -> (publicKey: String, privateKey: String)
    /// MD5 of an SSH key, SHA-1 of a certificate, in hexadecimal pairs joined by colons; `invalid` where the text is
    /// not of the type.
    func fingerprint(_ type: Keypair.KeyType, _ publicKey: String) throws(CloudError) -> String
}

/// A user's public key, put into servers by name.
public struct Keypair: Resource {
    public var user = "", name = "", type = KeyType.ssh, publicKey = "", fingerprint = ""

    /// An SSH key, or a certificate with which WinRM lets a user in.
    public enum KeyType: String, CaseIterable, Sendable { case ssh, x509 }

    public init() {}

    public static let kind = Kind("keypair", "keypairs", service: "compute")
    public static let access = Access.system
    public static let fields: [Field<Keypair>] = [
        .text("user_id", \.user, [.read, .indexed], max: 64, "Whose it is."),
        .text("name", \.name, [.read, .create, .required], "Its name, once among the user's."),
        .choice("type", \.type, [.read, .create], "What sort of key it is."),
        .text(
            "public_key", \.publicKey, [.read, .create], max: 16_384, lines: true,
            "The key's line, as in authorized_keys, or the certificate in PEM."),
        .text("fingerprint", \.fingerprint, [.read], max: 64, "The key's MD5, the certificate's SHA-1."),
    ]

    /// A user's keypair of a name has one id, which no other user can spell.
    static func id(_ caller: Caller, _ name: String) -> ID<Keypair> { ID((caller.user?.text ?? "") + ":" + name) }
}

extension Keypair: Governed {
    static let face = Face<Keypair>(
        .compute, "/v2.1/{project_id}/os-keypairs", "keypair", "keypairs",
        [
            .field("name"), .field("public_key"), .field("fingerprint"), .field("user_id"), .created(),
            .field("type"),
            .computed("id", "A number; it names nothing.") { (it, _) in
                .integer(Int(it.createdAt.microseconds / 1000 % 1_000_000_000))
            },
            .computed("deleted", "Never shown once it is.") { (_, _) in false },
            .computed("updated_at", "It does not change.") { (_, _) in .null },
            .computed("deleted_at", "Never shown once it is.") { (_, _) in .null },
        ])

    static func routes(_ maker: any KeyMaker) -> [Route] { [list, show, delete, create(maker)] }

    /// One's keypair; `invalid` where one has none of the name.
    static func named(_ name: String, of caller: Caller, in reader: any Reader) throws(CloudError) -> Keypair {
        guard let key = try reader.find(id(caller, name)) else {
            throw .invalid("Invalid key_name provided: key pair '\(name)' could not be found.", field: "key_name")
        }
        return key.value
    }

    /// Whose keypairs a call is about: one's own; from 2.10 on an operator may name a user.
    private static func owner(_ call: Call, _ named: String?) throws(CloudError) -> Caller {
        var caller = call.caller
        guard call.microversion >= 10, let named, named != caller.user?.text else { return caller }
        guard caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator acts on another user's keypairs.")
        }
        caller.user = UserID(named)
        return caller
    }

    /// What is shown in lists, and after a create: 2.2 added the type.
    private static func names(_ call: Call, _ more: Set<String> = []) -> Set<String> {
        Set(["name", "public_key", "fingerprint"]).union(more).union(call.microversion >= 2 ? ["type"] : [])
    }

    private static let list = Route(
        .get, .compute, face.path, action: "list", kind: kind, rule: .role(.reader), "Lists one's keypairs."
    ) { (call) throws(CloudError) in
        var query = Query(kind).with(
            "user_id", .string(try owner(call, call.request[query: "user_id"]).user?.text ?? ""))
        var limit = 1000
        if call.microversion >= 35 {
            if let text = call.request[query: "limit"] {
                guard let number = Int(text), number >= 0 else {
                    throw .invalid("limit must not be negative.", field: "limit")
                }
                limit = number == 0 ? limit : min(number, limit)
            }
            query.order = [Query.Order("name")]
        }
        let (all, most, marker) = (query, limit, call.microversion >= 35 ? call.request[query: "marker"] : nil)
        return try await call.store.read { (reader) throws(CloudError) in
            var found = try reader.list(Keypair.self, all)[...]
            if let marker {
                guard let place = found.firstIndex(where: { $0.name == marker }) else {
                    throw .invalid("The marker \(marker.prefix(64)) is none of the keypairs.", field: "marker")
                }
                found = found[(place + 1)...]
            }
            return try .write(200) { (writer) throws(CloudError) in
                writer.key("keypairs")
                try writer.array(found.prefix(most)) { (it, writer) throws(CloudError) in
                    try writer.object { (writer) throws(CloudError) in
                        writer.key("keypair")
                        try writer.object { (writer) throws(CloudError) in
                            try face.write(it, reader, into: &writer, only: names(call))
                        }
                    }
                }
                guard found.count > most, let last = found.prefix(most).last else { return }
                writer.field(
                    "keypairs_links", [["rel": "next", "href": .string(call.base + call.request.nextPath(last.name))]])
            }
        }
    }

    private static let show = Route(
        .get, .compute, face.path + "/{keypair_name}", action: "show", kind: kind, rule: .role(.reader),
        "Shows one of one's keypairs."
    ) { (call) throws(CloudError) in
        let id = id(try owner(call, call.request[query: "user_id"]), call.parameter("keypair_name"))
        return try await call.store.read { (reader) throws(CloudError) in
            let it = try find(id, in: reader)
            let shown = names(call, ["user_id", "id", "created_at", "deleted", "updated_at", "deleted_at"])
            return try .write(200) { (writer) throws(CloudError) in
                writer.key("keypair")
                try writer.object { (writer) throws(CloudError) in
                    try face.write(it, reader, into: &writer, only: shown)
                }
            }
        }
    }

    private static let delete = Route(
        .delete, .compute, face.path + "/{keypair_name}", action: "delete", kind: kind, rule: .role(.member),
        status: 202, "Deletes one of one's keypairs; servers keep the key they began with."
    ) { (call) throws(CloudError) in
        let id = id(try owner(call, call.request[query: "user_id"]), call.parameter("keypair_name"))
        try await call.write(call.parameter("keypair_name")) { (writer) throws(CloudError) in
            var it = try find(id, in: writer)
            try writer.delete(&it)
        }
        return Response(call.microversion >= 2 ? 204 : 202)
    }

    private static func find(_ id: ID<Keypair>, in reader: any Reader) throws(CloudError) -> Stored<Keypair> {
        guard let it = try reader.find(id) else {
            throw .missing(kind.title, String(id.text.split(separator: ":", maxSplits: 1).last ?? ""))
        }
        return it
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (Unicode.Scalar) -> Bool = { " \n\r\t".unicodeScalars.contains($0) }
        let tail = String.UnicodeScalarView(text.unicodeScalars.drop(while: isSpace).reversed().drop(while: isSpace))
        return String(String.UnicodeScalarView(tail.reversed()))
    }

    private static func create(_ maker: any KeyMaker) -> Route {
        Route(
            .post, .compute, face.path, action: "create", kind: kind, rule: .role(.member), intake: .json(),
            "Imports a public key, or makes a pair and answers with its private key once.",
            example: ["keypair": ["name": "laptop"]]
        ) { (call) throws(CloudError) in
            var object = try call.object("keypair")
            guard object["type"] == nil || call.microversion >= 2 else {
                throw .invalid("A keypair's type is said from version 2.2 on.", field: "type")
            }
            let caller = try owner(call, object.removeValue(forKey: "user_id")?.string)
            // A key is read from a file, which ends with a line break.
            object["public_key"] = object["public_key"]?.string.map { .string(trimmed($0)) } ?? object["public_key"]
            var draft = Keypair()
            try face.apply(object, to: &draft, right: .create)
            guard !draft.name.isEmpty,
                draft.name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_ .@".contains($0)) })
            else { throw .invalid("A keypair's name has letters, digits and -_ .@ only.", field: "name") }
            var privateKey: String?
            if draft.publicKey.isEmpty, object["public_key"] != nil || call.microversion >= 92 {
                throw .invalid("A public_key is required.", field: "public_key")
            }
            if draft.publicKey.isEmpty { (draft.publicKey, privateKey) = try await maker.make(draft.type, draft.name) }
            draft.fingerprint = try maker.fingerprint(draft.type, draft.publicKey)
            draft.user = caller.user?.text ?? ""
            let (value, secret, id) = (draft, privateKey, id(caller, draft.name))
            return .bytes(
                call.microversion >= 2 ? 201 : 200,
                try await call.write(draft.name) { (writer) throws(CloudError) in
                    let most = try QuotaSet.of(call.project, in: writer).quota.limit(.keyPairs)
                    let mine = try writer.count(Query(kind).with("user_id", .string(value.user)))
                    guard most < 0 || mine < most else {
                        throw CloudError(.overQuota, "Quota exceeded, too many key pairs: \(most) at most.")
                    }
                    guard try writer.find(id) == nil else {
                        throw .conflict("Key pair '\(value.name)' already exists.")
                    }
                    let it = try writer.insert(value, id: id)
                    var out = JSONWriter()
                    try out.object { (out) throws(CloudError) in
                        out.key("keypair")
                        try out.object { (out) throws(CloudError) in
                            try face.write(it, writer, into: &out, only: names(call, ["user_id"]))
                            if let secret { out.field("private_key", .string(secret)) }
                        }
                    }
                    return out.bytes
                })
        }
    }
}
