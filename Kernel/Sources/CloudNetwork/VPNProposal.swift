import CloudCore
import CloudWire

/// What a tenant may choose for a tunnel, by Neutron's names; `CryptoPolicy` says whether it is offered.
protocol VPNChoice: RawRepresentable<String>, CaseIterable, Sendable {
    static var use: CryptoUse { get }
    /// The policy's name of it.
    var algorithm: String { get }
}

extension VPNChoice {
    static var offered: [Self] { allCases.filter { CryptoPolicy.allows($0.algorithm, for: use) } }
}

/// A cipher with its mode that a tunnel may use. Names without a mode are CBC, as Neutron's are.
public enum VPNCipher: String, CaseIterable, Sendable, VPNChoice {
    case aes128 = "aes-128", aes192 = "aes-192", aes256 = "aes-256"
    case aes128gcm = "aes-128-gcm-16", aes192gcm = "aes-192-gcm-16", aes256gcm = "aes-256-gcm-16"
    case aes128ccm = "aes-128-ccm-16", aes192ccm = "aes-192-ccm-16", aes256ccm = "aes-256-ccm-16"
    case camellia128 = "camellia-128", camellia192 = "camellia-192", camellia256 = "camellia-256"

    /// Whether it proves by itself that nothing was changed on the way.
    public var isAuthenticated: Bool { rawValue.hasSuffix("-16") }

    static let use = CryptoUse.traffic
    /// Without the length of the proof, 16 bytes, which is all that is offered.
    var algorithm: String { isAuthenticated ? String(rawValue.dropLast(3)) : rawValue + "-cbc" }
}

/// A hash that a tunnel may use, in HMAC.
public enum VPNHash: String, CaseIterable, Sendable, VPNChoice {
    case sha256, sha384, sha512

    static let use = CryptoUse.integrity
    var algorithm: String { "hmac-" + rawValue }
}

/// A group for the exchange of keys (RFC 3526, RFC 5903) of at least 112 bits of strength.
public enum VPNGroup: String, CaseIterable, Sendable, VPNChoice {
    case group14, group15, group16, group19, group20, group21

    static let use = CryptoUse.keyExchange
    var algorithm: String {
        switch self {
        case .group14: "dh-2048"
        case .group15: "dh-3072"
        case .group16: "dh-4096"
        case .group19: "ecdh-p-256"
        case .group20: "ecdh-p-384"
        case .group21: "ecdh-p-521"
        }
    }
}

/// What both ends must agree on for one of the two layers of a tunnel.
public struct VPNProposal: Hashable, Sendable {
    public var cipher: VPNCipher
    public var hash: VPNHash
    public var group: VPNGroup
    /// Seconds after which keys are exchanged anew.
    public var lifetime: Int
    public init(cipher: VPNCipher, hash: VPNHash, group: VPNGroup, lifetime: Int) {
        (self.cipher, self.hash, self.group, self.lifetime) = (cipher, hash, group, lifetime)
    }
}

/// How long keys are used, as Neutron says it.
public struct VPNLifetime: Hashable, Sendable, JSONConvertible {
    public var seconds = 3600
    /// Seconds: Neutron's least, and a day.
    static let range = 60...86_400
    init() {}
    public init(json: JSON) throws(CloudError) {
        guard let object = json.object else { throw .invalid("a lifetime has units and a value.") }
        for name in object.keys.sorted() where name != "units" && name != "value" {
            throw .invalid("'\(name.prefix(64))' is neither units nor value.")
        }
        guard object["units"] == nil || object["units"] == "seconds" else { throw .invalid("units are seconds.") }
        guard let value = object["value"] else { return }
        guard let number = value.wholeNumber, Self.range.contains(number) else {
            throw .invalid("the value is a number of \(Self.range.lowerBound) to \(Self.range.upperBound) seconds.")
        }
        seconds = number
    }
    public var json: JSON { ["units": "seconds", "value": .integer(seconds)] }
}

extension JSON {
    /// A whole number, also where a client writes it as text.
    var wholeNumber: Int? { integer ?? string.flatMap { text in text.utf8.count <= 9 ? Int(text) : nil } }
}

extension Field {
    /// The id of what is checked when it is named, and may go as soon as nobody means to use it: a reference would
    /// hold it until the last trace of its user is gone. Empty for nil.
    static func link<T: Resource>(_ name: String, _ path: Path<ID<T>?>, _ rights: Rights, _ help: String) -> Self {
        Field(
            name, .text(max: 64, lines: false), rights.union(.indexed), help,
            get: { .string($0[keyPath: path]?.text ?? "") },
            set: { $0[keyPath: path] = $1.string.flatMap { $0.isEmpty ? nil : ID($0) } })
    }

    /// The same, for what is always named.
    static func link<T: Resource>(_ name: String, _ path: Path<ID<T>>, _ rights: Rights, _ help: String) -> Self {
        Field(
            name, .text(max: 64, lines: false), rights.union(.indexed), help,
            get: { .string($0[keyPath: path].text) }, set: { $0[keyPath: path] = ID($1.string ?? "") })
    }

    /// One of the CRYPTREC list; what is not is refused with the list.
    static func listed<C: VPNChoice>(
        _ name: String, _ path: Path<C>, _ what: String, _ help: String
    ) -> Self {
        Field(
            name, .text(max: 32, lines: false), [.read, .create, .update], help,
            get: { .string($0[keyPath: path].rawValue) },
            set: { (it, json) throws(CloudError) in
                guard let choice = C.offered.first(where: { $0.rawValue == json.string }) else {
                    let list = C.offered.map(\.rawValue).joined(separator: ", ")
                    throw .invalid(
                        "Invalid input for \(name): '\(json.string?.prefix(32) ?? "")' is no \(what) of the CRYPTREC list of recommended ciphers that is offered. Choose one of: \(list).",
                        field: name)
                }
                it[keyPath: path] = choice
            })
    }
}

extension Attribute {
    /// What is said and never shown; nor does a list filter by it, which would tell who guesses right.
    static func secret(_ name: String) -> Self {
        let plain = Attribute.field(name)
        return Attribute(
            name, column: nil, type: plain.type, rights: plain.rights, plain.help,
            read: { (_, _) throws(CloudError) in .null }, write: plain.write)
    }

    /// A link that may be missing: null where it is.
    static func link(_ name: String) -> Self {
        let plain = Attribute.field(name)
        return Attribute(
            name, column: name, type: plain.type, rights: plain.rights, plain.help,
            read: { (it, reader) throws(CloudError) in
                let value = try plain.read(it, reader)
                return value == "" ? .null : value
            },
            write: { (it, json) throws(CloudError) in try plain.write?(&it, json.isNull ? "" : json) })
    }
}
