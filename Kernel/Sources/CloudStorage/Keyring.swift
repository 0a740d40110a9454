import CloudCore
import CloudEngine
import CloudStore

/// A project's keys in the token, under the project's own id. One epoch seals at a time. To destroy what one disk was
/// sealed with, all others are sealed anew under the next epoch, and the last one's key is destroyed: from then on no
/// copy of the store opens what was not carried over.
public struct Keyring: Lifecycle {
    /// The epoch that seals; 0 before the first key is made.
    public var epoch = 0
    /// The oldest epoch of which the token may still have a key.
    public var oldest = 1

    public enum Label: String, CaseIterable, Sendable { case keep, reseal, retire, destroy }

    public init() {}

    public static let kind = Kind("keyring", "keyrings", service: "volume")
    public static let access = Access.project
    public static func goesWithProject(_ it: Self) -> Bool { true }
    public static let fields: [Field<Keyring>] = [
        .integer("epoch", \.epoch, [.read], 0...Int.max, "The epoch that seals."),
        .integer("oldest", \.oldest, [.read], 1...Int.max, "The oldest epoch that may have a key."),
    ]

    /// How many secrets one turn carries over.
    private static let batch = 100

    public static func step(_ label: Label, _ turn: inout Turn<Self>, in token: any KeyToken) async throws(CloudError)
        -> Next<Label>
    {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .keep:
            let isAsked = turn.signals.remove(.rotate) != nil
            guard isAsked || turn.it.epoch == 0 else { return .rest }
            try await token.ensureKey(turn.it.name(turn.it.epoch + 1))
            turn.it.epoch += 1
            return .hop(.reseal)
        case .reseal: return try await reseal(&turn, in: token)
        case .retire:
            for epoch in turn.it.oldest..<turn.it.epoch { try await token.removeKey(turn.it.name(epoch)) }
            turn.it.oldest = turn.it.epoch
            return .hop(.keep)
        case .destroy:
            for key in try await token.keys() where key.project == turn.it.project { try await token.removeKey(key) }
            return .gone
        }
    }

    /// Carries secrets over to the epoch that seals now.
    private static func reseal(_ turn: inout Turn<Self>, in token: any KeyToken) async throws(CloudError)
        -> Next<Label>
    {
        let it = turn.it
        var query = Query(DiskKey.kind, limit: batch).with("project_id", .string(it.project.text)).with("lost", false)
        query.tests = [.between("epoch", 0...(it.epoch - 1))]
        let old = query
        let found = try await turn.store.read { (reader) throws(CloudError) in try reader.list(DiskKey.self, old) }
        guard !found.isEmpty else { return .hop(.retire) }
        var renewed: [Stored<DiskKey>] = []
        for var key in found {
            do throws(CloudError) {
                let secret = try await token.open(key.bytes, under: it.name(key.epoch), for: key.id.text)
                key.value.sealed = Base64.encode(
                    try await token.seal(secret, under: it.name(it.epoch), for: key.id.text))
                key.value.epoch = it.epoch
            } catch {
                // An older copy of the store may name keys that are destroyed: what they sealed is gone.
                guard error.code == .missing || error.code == .invalid else { throw error }
                key.value.isLost = true
            }
            renewed.append(key)
        }
        let all = renewed
        turn.also { (writer) throws(CloudError) in
            for var key in all where try writer.find(key.id) != nil { try writer.update(&key) }
        }
        return .hop(.reseal)
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Self>, _ error: CloudError) -> Next<Label> {
        .nap(.seconds(15))
    }

    /// The project's, which is made if it is missing.
    static func ensure(_ project: ProjectID, in writer: any Writer) throws(CloudError) {
        guard try writer.find(ID<Keyring>(project.text)) == nil else { return }
        try writer.insert(Keyring(), id: ID(project.text), project: project)
    }
}

extension Stored where R == Keyring {
    func name(_ epoch: Int) -> KeyName { KeyName(project: project, epoch: epoch) }
}

extension Signal {
    /// The next epoch is to begin, and what the last one sealed alone is to be unreadable.
    static let rotate = Signal(rawValue: "rotate")
}

/// What opens one layer of a disk, sealed under an epoch of its project's keyring. It has the layer's id.
public struct DiskKey: Resource {
    /// The volume or snapshot whose layer it is.
    public var disk = ""
    public var epoch = 0
    /// In base64.
    public var sealed = ""
    /// Nothing opens it any more.
    public var isLost = false

    public init() {}

    public static let kind = Kind("disk_key", "disk_keys", service: "volume")
    public static let access = Access.project
    public static let fields: [Field<DiskKey>] = [
        .text("disk", \.disk, [.indexed], max: 64, "Whose layer it is."),
        .integer("epoch", \.epoch, [], 0...Int.max, "The epoch that sealed it."),
        .text("sealed", \.sealed, [.secret], max: 1024, "The layer's secret, sealed."),
        .boolean("lost", \.isLost, [], "Whether the key that sealed it is destroyed."),
    ]

    var bytes: [UInt8] { Base64.decode(sealed.utf8) ?? [] }

    /// Forgets the keys of layers that are erased, and has what sealed them destroyed.
    static func destroy(_ layers: [String], of project: ProjectID, in writer: any Writer) throws(CloudError) {
        for layer in layers where try writer.find(ID<DiskKey>(layer)) != nil {
            try writer.remove(Reference(ID<DiskKey>(layer)))
        }
        let ring = ID<Keyring>(project.text)
        if !layers.isEmpty, try writer.find(ring) != nil { try writer.raise(.rotate, Reference(ring)) }
    }
}

/// Makes and opens the secrets of layers.
struct Sealer: Sendable {
    let token: any KeyToken

    /// A new layer's secret, and what its key's row says; nil while the project has no key yet.
    func make(_ layer: String, of disk: String, for project: ProjectID, in store: any Store, dice: any Dice)
        async throws(CloudError) -> DiskKey?
    {
        let ring = try await store.read { (reader) throws(CloudError) in try reader.find(ID<Keyring>(project.text)) }
        guard let ring, ring.epoch > 0 else { return nil }
        let secret = Array(Hex.string(dice.bytes(32)).utf8)
        var key = DiskKey()
        (key.disk, key.epoch) = (disk, ring.epoch)
        key.sealed = Base64.encode(try await token.seal(secret, under: ring.name(ring.epoch), for: layer))
        return key
    }

    /// Keeps it, unless the keyring has gone on meanwhile.
    static func keep(_ key: DiskKey, _ layer: String, for project: ProjectID, in writer: any Writer)
        throws(CloudError)
    {
        guard try writer.find(ID<Keyring>(project.text))?.epoch == key.epoch else {
            throw CloudError(.stale, "The project's keys have changed in the meantime.")
        }
        try writer.insert(key, id: ID(layer), project: project)
    }

    /// The layers with what opens them.
    func open(_ layers: [String], of project: ProjectID, in store: any Store) async throws(CloudError) -> [Layer] {
        let keys = try await store.read { (reader) throws(CloudError) in
            try layers.map { (id) throws(CloudError) in try reader.get(ID<DiskKey>(id)) }
        }
        var out: [Layer] = []
        for key in keys {
            guard !key.isLost else { throw CloudError(.conflict, "The key of this disk is destroyed.") }
            let secret = try await token.open(
                key.bytes, under: KeyName(project: project, epoch: key.epoch), for: key.id.text)
            out.append(Layer(id: key.id.text, secret: String(decoding: secret, as: UTF8.self)))
        }
        return out
    }
}
