import CloudCore
import CloudStore
import CloudWire
import Synchronization

/// The identity domain in memory, so that a token is judged without asking the store.
///
/// It follows every commit before the committing caller goes on: what revokes a token has done so when it is answered.
public final class Directory: Authenticator, Standing {
    private struct State: Sendable {
        var facts = Facts()
        /// False where something could not be followed: then nobody is known, until all has been read again.
        var isWhole = false
        /// The catalogue as it was written, by address and project.
        var catalogs: [String: [UInt8]] = [:]
    }
    /// What a token says, which never changes, and what it was found to mean.
    private struct Opened: Sendable {
        let token: Token
        var meaning: Meaning?
    }
    /// What a token in force means, for as long as no commit changes what is known, and until a time.
    private struct Meaning: Sendable {
        let generation: Int
        let until: Instant
        let caller: Caller
        /// Answers that show it.
        var written: [String: [UInt8]] = [:]
    }

    private let state = Mutex(State())
    /// Raised, under the lock of `state`, by whatever changes that.
    private let generation = Atomic(0)
    private let opened = Mutex<[String: Opened]>([:])
    private static let mostOpened = 1024, mostCatalogs = 256, mostWritten = 4
    private let vault: any Vault

    public init(vault: any Vault) { self.vault = vault }

    /// Reads all of identity.
    public func load(_ reader: any Reader) throws(CloudError) {
        let facts = try Facts(reader)
        state.withLock {
            $0 = State(facts: facts, isWhole: true)
            generation.add(1, ordering: .releasing)
        }
    }

    /// Takes over what a commit changed. Where that fails nobody is known any more: an old view might let in someone
    /// who has just been shut out.
    func follow(_ changed: Set<Reference>, _ reader: any Reader) {
        state.withLock { state in
            defer { generation.add(1, ordering: .releasing) }
            do throws(CloudError) {
                guard state.isWhole else {
                    state = State(facts: try Facts(reader), isWhole: true)
                    return
                }
                var renewsCatalog = false
                for it in changed where Facts.kinds.contains(it.kind) {
                    if Facts.catalogKinds.contains(it.kind) {
                        renewsCatalog = true
                    } else {
                        try state.facts.take(it, reader)
                    }
                }
                if renewsCatalog { (state.facts.catalog, state.catalogs) = (try CatalogEntry.all(reader), [:]) }
            } catch { state = State() }
        }
    }

    /// Whether a commit that changed these is one to follow.
    public func isConcerned(by changed: Set<Reference>) -> Bool { changed.contains { Facts.kinds.contains($0.kind) } }

    /// Asks something of what is known. The facts are never handed out: a copy that is held would have to be copied
    /// whole by the next commit.
    func ask<T: Sendable>(_ question: (Facts) throws(CloudError) -> T) throws(CloudError) -> T {
        try state.withLock { (state) -> Result<T, CloudError> in
            Result { () throws(CloudError) in try question(state.facts) }
        }.get()
    }

    /// The same, for what cannot fail.
    func see<T: Sendable>(_ question: (Facts) -> T) -> T { state.withLock { question($0.facts) } }

    /// What a token says, if it is whole. Most come again and again, and to check the seal takes longer than to remember.
    private func open(_ text: String) -> Opened? {
        if let known = opened.withLock({ $0[text] }) { return known }
        guard let token = Token(text, vault) else { return nil }
        opened.withLock { table in
            if table.count >= Self.mostOpened { table = [:] }
            table[text] = Opened(token: token)
        }
        return Opened(token: token)
    }

    /// What a token says and who it makes its bearer, if it is whole and in force.
    private func judged(_ text: String, now: Instant) -> (token: Token, caller: Caller)? {
        guard let known = open(text) else { return nil }
        if let meaning = known.meaning, meaning.generation == generation.load(ordering: .acquiring), now < meaning.until
        {
            return (known.token, meaning.caller)
        }
        let found = state.withLock { state -> Meaning? in
            guard let caller = Self.caller(of: known.token, now: now, state.facts) else { return nil }
            return Meaning(
                generation: generation.load(ordering: .relaxed), until: state.facts.end(of: known.token), caller: caller
            )
        }
        guard let found else { return nil }
        opened.withLock { $0[text]?.meaning = found }
        return (known.token, found.caller)
    }

    /// What a token says, if it is whole and in force.
    func token(_ text: String, now: Instant) -> Token? { judged(text, now: now)?.token }

    public func caller(of text: String, now: Instant) -> Caller? { judged(text, now: now)?.caller }

    /// What is written of a token: that of before, where it was judged since and nothing it shows has changed.
    ///
    /// - Parameters:
    ///   - base: what the catalogue's addresses begin with; nil where it is left out.
    ///   - write: given the catalogue as an array.
    func written(
        _ text: String, _ token: Token, catalog base: String?,
        _ write: (Facts, _ catalog: [UInt8]?) throws(CloudError) -> [UInt8]
    ) throws(CloudError) -> [UInt8] {
        let current = generation.load(ordering: .acquiring)
        let variant = base ?? ""
        if let known = opened.withLock({ $0[text]?.meaning }), known.generation == current,
            let bytes = known.written[variant]
        {
            return bytes
        }
        let bytes = try state.withLock { state in
            Result { () throws(CloudError) in
                let catalog = try base.map { (base) throws(CloudError) in
                    try Self.catalog(base, token.project, &state)
                }
                return try write(state.facts, catalog)
            }
        }.get()
        opened.withLock { table in
            guard let meaning = table[text]?.meaning, meaning.generation == current,
                meaning.written.count < Self.mostWritten
            else { return }
            table[text]?.meaning?.written[variant] = bytes
        }
        return bytes
    }

    private static func catalog(
        _ base: String, _ project: ID<Project>?, _ state: inout State
    ) throws(CloudError) -> [UInt8] {
        let key = base + " " + (project?.text ?? "")
        if let known = state.catalogs[key] { return known }
        var writer = JSONWriter()
        try writer.array(state.facts.catalog) { $1.value($0.json(base, project?.text)) }
        if state.catalogs.count >= Self.mostCatalogs { state.catalogs = [:] }
        state.catalogs[key] = writer.bytes
        return writer.bytes
    }

    public func statement(of token: String) -> String? { open(token)?.token.payload }

    public func caller(stating statement: String, at moment: Instant) -> Caller? {
        guard let token = Token(payload: statement) else { return nil }
        return see { Self.caller(of: token, now: moment, $0) }
    }

    public func fingerprint(_ secret: String) -> String {
        // A word that no token's payload begins with, so that the one is never the other's seal.
        Hex.string(vault.mac(Array(("fingerprint:" + secret).utf8)))
    }

    private static func caller(of token: Token, now: Instant, _ facts: Facts) -> Caller? {
        guard facts.isInForce(token, now: now), let person = facts.people[token.user] else { return nil }
        var caller = Caller()
        caller.user = ID(token.user.text)
        caller.userName = person.name
        caller.domain = person.domain.text
        caller.token = token.auditID
        switch token.scope {
        case .project(let project):
            caller.project = ID(project.text)
            caller.projectName = facts.tenants[project]?.name ?? ""
            caller.roles = Set(facts.roles(token).compactMap { facts.roleTypes[$0]?.name })
        case .system: caller.roles = Set(facts.roles(token).compactMap { facts.roleTypes[$0]?.name })
        // A role on a domain says nothing about the cloud or about a project's resources.
        case .domain, nil: break
        }
        return caller
    }
}
