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
    }

    private let state = Mutex(State())
    /// What tokens said that were read lately. That never changes; whether they count is judged anew each time.
    private let opened = Mutex<[String: Token]>([:])
    private static let mostOpened = 1024
    private let vault: any Vault

    public init(vault: any Vault) { self.vault = vault }

    /// Reads all of identity.
    public func load(_ reader: any Reader) throws(CloudError) {
        let facts = try Facts(reader)
        state.withLock { $0 = State(facts: facts, isWhole: true) }
    }

    /// Takes over what a commit changed. Where that fails nobody is known any more: an old view might let in someone
    /// who has just been shut out.
    func follow(_ changed: Set<Reference>, _ reader: any Reader) {
        state.withLock { state in
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
                if renewsCatalog { state.facts.catalog = try CatalogEntry.all(reader) }
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
    private func open(_ text: String) -> Token? {
        if let known = opened.withLock({ $0[text] }) { return known }
        guard let token = Token(text, vault) else { return nil }
        opened.withLock { table in
            if table.count >= Self.mostOpened { table = [:] }
            table[text] = token
        }
        return token
    }

    /// What a token says, if it is whole and in force.
    func token(_ text: String, now: Instant) -> Token? {
        guard let token = open(text) else { return nil }
        return see { $0.isInForce(token, now: now) } ? token : nil
    }

    public func caller(of text: String, now: Instant) -> Caller? {
        guard let token = open(text) else { return nil }
        return caller(of: token, now: now)
    }

    public func statement(of token: String) -> String? { open(token)?.payload }

    public func caller(stating statement: String, at moment: Instant) -> Caller? {
        Token(payload: statement).flatMap { caller(of: $0, now: moment) }
    }

    public func fingerprint(_ secret: String) -> String {
        // A word that no token's payload begins with, so that the one is never the other's seal.
        Hex.string(vault.mac(Array(("fingerprint:" + secret).utf8)))
    }

    private func caller(of token: Token, now: Instant) -> Caller? {
        see { (facts) -> Caller? in
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
}
