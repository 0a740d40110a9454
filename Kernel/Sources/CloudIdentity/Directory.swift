import CloudCore
import CloudStore
import CloudWire
import Synchronization

/// The identity domain in memory, so that a token is judged without asking the store.
///
/// It follows every commit before the committing caller goes on: what revokes a token has done so when it is answered.
public final class Directory: Authenticator {
    struct Person: Sendable {
        var name: String
        var domain: ID<Domain>
        var enabled: Bool
        var tokensFrom: Instant
    }
    struct Tenant: Sendable {
        var name: String
        var domain: ID<Domain>
        var enabled: Bool
    }
    struct Snapshot: Sendable {
        var people: [ID<User>: Person] = [:]
        var tenants: [ID<Project>: Tenant] = [:]
        var domains: [ID<Domain>: (name: String, enabled: Bool)] = [:]
        /// The ids of roles by user and project.
        var grants: [ID<User>: [ID<Project>: Set<ID<RoleType>>]] = [:]
        var roleNames: [ID<RoleType>: String] = [:]
        var revoked: Set<String> = []
    }

    private static let kinds: Set<Kind> = [
        Domain.kind, Project.kind, User.kind, RoleType.kind, Assignment.kind, Revocation.kind,
    ]

    private let state = Mutex(Snapshot())
    private let vault: any Vault

    public init(vault: any Vault) { self.vault = vault }

    /// Reads all of identity.
    public func load(_ reader: any Reader) throws(CloudError) {
        var next = Snapshot()
        for it in try reader.list(Domain.self, .everything(Domain.kind)) {
            next.domains[it.id] = (it.value.name, it.enabled)
        }
        for it in try reader.list(Project.self, .everything(Project.kind)) {
            next.tenants[it.id] = Tenant(name: it.value.name, domain: it.domain, enabled: it.enabled)
        }
        for it in try reader.list(User.self, .everything(User.kind)) {
            next.people[it.id] = Person(
                name: it.value.name, domain: it.domain, enabled: it.enabled,
                tokensFrom: it.tokensFrom ?? Instant(microseconds: 0))
        }
        for it in try reader.list(RoleType.self, .everything(RoleType.kind)) { next.roleNames[it.id] = it.value.name }
        for it in try reader.list(Assignment.self, .everything(Assignment.kind)) {
            next.grants[it.user, default: [:]][it.target, default: []].insert(it.role)
        }
        for it in try reader.list(Revocation.self, .everything(Revocation.kind)) { next.revoked.insert(it.id.text) }
        let loaded = next
        state.withLock { $0 = loaded }
    }

    /// Reads all of identity after a change. Where that fails nobody is known any more: an old view might let in
    /// someone who has just been shut out.
    func follow(_ reader: any Reader) {
        do throws(CloudError) { try load(reader) } catch { state.withLock { $0 = Snapshot() } }
    }

    /// Whether a commit that changed these is one to follow.
    public func isConcerned(by changed: Set<Reference>) -> Bool { changed.contains { Self.kinds.contains($0.kind) } }

    func snapshot() -> Snapshot { state.withLock { $0 } }

    /// What a token says, if it is whole and in force.
    func token(_ text: String, now: Instant) -> Token? {
        guard let token = Token(text, vault), token.expiresAt > now else { return nil }
        let isValid = state.withLock { state in
            guard let person = state.people[token.user], person.enabled, person.tokensFrom <= token.issuedAt,
                state.domains[person.domain]?.enabled ?? false,
                !state.revoked.contains(token.auditID), !state.revoked.contains(token.parentID)
            else { return false }
            guard let project = token.project else { return true }
            guard let tenant = state.tenants[project], tenant.enabled, state.domains[tenant.domain]?.enabled ?? false
            else { return false }
            return !(state.grants[token.user]?[project] ?? []).isEmpty
        }
        return isValid ? token : nil
    }

    public func caller(of text: String, now: Instant) -> Caller? {
        guard let token = token(text, now: now) else { return nil }
        return state.withLock { state in
            guard let person = state.people[token.user] else { return nil }
            var caller = Caller()
            caller.user = ID(token.user.text)
            caller.userName = person.name
            caller.domain = person.domain.text
            caller.token = token.auditID
            if let project = token.project, let tenant = state.tenants[project] {
                caller.project = ID(project.text)
                caller.projectName = tenant.name
                caller.roles = state.roles(token.user, project)
            }
            return caller
        }
    }
}

extension Directory.Snapshot {
    /// The names of a user's roles on a project.
    func roles(_ user: ID<User>, _ project: ID<Project>) -> Set<String> {
        Set((grants[user]?[project] ?? []).compactMap { roleNames[$0] })
    }

    func domainID(_ reference: JSON?) -> ID<Domain>? {
        guard let reference, !reference.isNull else { return Domain.default }
        if let id = reference["id"]?.string { return domains[ID(id)] == nil ? nil : ID(id) }
        guard let name = reference["name"]?.string else { return Domain.default }
        return domains.first { $0.value.name == name }?.key
    }
}
