import CloudCore
import CloudStore

/// What the directory knows of identity. Every question about one user costs the same however many there are.
struct Facts: Sendable {
    struct Person: Sendable {
        var name: String
        var domain: ID<Domain>
        var enabled: Bool
        var generation: Int
        var defaultProject: ID<Project>?
    }
    struct Tenant: Sendable {
        var name: String
        var domain: ID<Domain>
        var enabled: Bool
        var parent: ID<Project>?
    }
    struct RoleFact: Sendable {
        var name: String
        var domain: ID<Domain>?
    }
    struct Credential: Sendable {
        var name: String
        var user: ID<User>
        var project: ID<Project>
        var roles: Set<ID<RoleType>>
        var unrestricted: Bool
        var expiresAt: Instant?
    }
    struct Grant: Hashable, Sendable {
        var grantee: Grantee
        var target: Scope
        var role: ID<RoleType>
        /// Whether it holds on the projects below the target rather than on the target.
        var isInherited: Bool
    }
    struct Name: Hashable, Sendable {
        var domain: ID<Domain>
        var name: String
    }

    var people: [ID<User>: Person] = [:]
    private(set) var groupNames: [ID<Group>: Name] = [:]
    var tenants: [ID<Project>: Tenant] = [:]
    var domains: [ID<Domain>: (name: String, enabled: Bool)] = [:]
    var roleTypes: [ID<RoleType>: RoleFact] = [:]
    var implied: [ID<RoleImplication>: (prior: ID<RoleType>, implied: ID<RoleType>)] = [:]
    var implications: [ID<RoleType>: Set<ID<RoleType>>] = [:]
    var credentials: [ID<ApplicationCredential>: Credential] = [:]
    var revoked: Set<String> = []
    var catalog: [CatalogEntry] = []
    private(set) var personNamed: [Name: ID<User>] = [:]
    private(set) var tenantNamed: [Name: ID<Project>] = [:]
    private(set) var domainNamed: [String: ID<Domain>] = [:]
    private(set) var groups: [ID<User>: Set<ID<Group>>] = [:]
    fileprivate var memberships: [ID<Membership>: (user: ID<User>, group: ID<Group>)] = [:]
    fileprivate var grants: [ID<Assignment>: Grant] = [:]
    fileprivate var grantsOf: [Grantee: Set<Grant>] = [:]

    /// The kinds that it holds; the catalogue's are read anew together.
    static let catalogKinds: Set<Kind> = [Region.kind, ServiceEntry.kind, Endpoint.kind]
    static let kinds: Set<Kind> = catalogKinds.union([
        Domain.kind, Project.kind, User.kind, Group.kind, Membership.kind, RoleType.kind, RoleImplication.kind,
        Assignment.kind, ApplicationCredential.kind, Revocation.kind,
    ])

    /// Everything that is kept.
    init(_ reader: any Reader) throws(CloudError) {
        for kind in Self.kinds.subtracting(Self.catalogKinds) {
            for row in try reader.rows(.everything(kind)) { try take(Reference(kind, row.id), reader) }
        }
        catalog = try CatalogEntry.all(reader)
    }

    init() {}

    /// Takes over what is now kept of one thing, or that it is gone.
    mutating func take(_ it: Reference, _ reader: any Reader) throws(CloudError) {
        switch it.kind {
        case Domain.kind: try takeDomain(ID(it.id), reader)
        case Project.kind: try takeProject(ID(it.id), reader)
        case User.kind: try takeUser(ID(it.id), reader)
        case Group.kind:
            groupNames[ID(it.id)] = try reader.find(ID<Group>(it.id)).map {
                Name(domain: $0.domain, name: $0.value.name)
            }
        case Membership.kind: try takeMembership(ID(it.id), reader)
        case RoleType.kind:
            roleTypes[ID(it.id)] = try reader.find(ID<RoleType>(it.id)).map {
                RoleFact(name: $0.value.name, domain: $0.domain)
            }
        case RoleImplication.kind: try takeImplication(ID(it.id), reader)
        case Assignment.kind: try takeGrant(ID(it.id), reader)
        case ApplicationCredential.kind:
            credentials[ID(it.id)] = try reader.find(ID<ApplicationCredential>(it.id)).map { Credential($0) }
        case Revocation.kind:
            if try reader.find(ID<Revocation>(it.id)) == nil { revoked.remove(it.id) } else { revoked.insert(it.id) }
        default: break
        }
    }

    private mutating func takeDomain(_ id: ID<Domain>, _ reader: any Reader) throws(CloudError) {
        if let old = domains.removeValue(forKey: id) { domainNamed[old.name] = nil }
        guard let it = try reader.find(id) else { return }
        domains[id] = (it.value.name, it.enabled)
        domainNamed[it.value.name] = id
    }

    private mutating func takeProject(_ id: ID<Project>, _ reader: any Reader) throws(CloudError) {
        if let old = tenants.removeValue(forKey: id) { tenantNamed[Name(domain: old.domain, name: old.name)] = nil }
        guard let it = try reader.find(id) else { return }
        tenants[id] = Tenant(name: it.value.name, domain: it.domain, enabled: it.enabled, parent: it.parent)
        tenantNamed[Name(domain: it.domain, name: it.value.name)] = id
    }

    private mutating func takeUser(_ id: ID<User>, _ reader: any Reader) throws(CloudError) {
        if let old = people.removeValue(forKey: id) { personNamed[Name(domain: old.domain, name: old.name)] = nil }
        guard let it = try reader.find(id) else { return }
        people[id] = Person(
            name: it.value.name, domain: it.domain, enabled: it.enabled, generation: it.generation,
            defaultProject: it.defaultProject.isEmpty ? nil : ID(it.defaultProject))
        personNamed[Name(domain: it.domain, name: it.value.name)] = id
    }

    private mutating func takeMembership(_ id: ID<Membership>, _ reader: any Reader) throws(CloudError) {
        if let old = memberships.removeValue(forKey: id) { groups[old.user]?.remove(old.group) }
        guard let it = try reader.find(id) else { return }
        memberships[id] = (it.user, it.group)
        groups[it.user, default: []].insert(it.group)
    }

    private mutating func takeImplication(_ id: ID<RoleImplication>, _ reader: any Reader) throws(CloudError) {
        if let old = implied.removeValue(forKey: id) { implications[old.prior]?.remove(old.implied) }
        guard let it = try reader.find(id) else { return }
        implied[id] = (it.prior, it.implied)
        implications[it.prior, default: []].insert(it.implied)
    }

    private mutating func takeGrant(_ id: ID<Assignment>, _ reader: any Reader) throws(CloudError) {
        if let old = grants.removeValue(forKey: id) { grantsOf[old.grantee]?.remove(old) }
        guard let it = try reader.find(id), let grant = it.value.grant else { return }
        grants[id] = grant
        grantsOf[grant.grantee, default: []].insert(grant)
    }
}

extension Facts {
    /// Every grant there is, in no order.
    var allGrants: some Sequence<Grant> { grants.values }

    /// What was granted to one holder itself.
    func grants(to grantee: Grantee) -> Set<Grant> { grantsOf[grantee] ?? [] }

    /// The users of a group, in the order of their ids.
    func members(_ group: ID<Group>) -> [ID<User>] {
        memberships.values.filter { $0.group == group }.map(\.user).sorted()
    }

    /// Every grant that reaches a user, its own and its groups'.
    func grants(reaching user: ID<User>) -> [Grant] {
        let grantees = [Grantee.user(user)] + (groups[user] ?? []).map(Grantee.group)
        return grantees.flatMap { grantsOf[$0] ?? [] }
    }

    /// The targets that a grant holds on, as far as they are known to exist.
    func isHeld(_ grant: Grant, on scope: Scope) -> Bool {
        guard grant.isInherited else { return grant.target == scope }
        guard case .project(let project) = scope else { return false }
        return isBelow(project, grant.target)
    }

    private func isBelow(_ project: ID<Project>, _ scope: Scope) -> Bool {
        switch scope {
        case .domain(let domain): return tenants[project]?.domain == domain
        case .project(let top):
            var above = tenants[project]?.parent
            for _ in 0..<Project.depth {
                guard let next = above else { return false }
                if next == top { return true }
                above = tenants[next]?.parent
            }
            return false
        case .system: return false
        }
    }

    /// The projects that an inherited grant on something holds on, in no order.
    func projects(below scope: Scope) -> [ID<Project>] { tenants.keys.filter { isBelow($0, scope) } }

    /// The roles with all that they imply; roles of a domain only stand for what they imply.
    func expanded(_ roles: Set<ID<RoleType>>) -> Set<ID<RoleType>> {
        var found: Set<ID<RoleType>> = []
        var left = Array(roles)
        while let role = left.popLast() {
            guard found.insert(role).inserted else { continue }
            left += implications[role] ?? []
        }
        return found.filter { roleTypes[$0].map { $0.domain == nil } ?? false }
    }

    /// The roles a user has on something, through groups and inheritance, implied ones included.
    func roles(_ user: ID<User>, _ scope: Scope) -> Set<ID<RoleType>> {
        expanded(Set(grants(reaching: user).filter { isHeld($0, on: scope) }.map(\.role)))
    }

    /// The roles that a token gives at this moment.
    func roles(_ token: Token) -> Set<ID<RoleType>> {
        guard let scope = token.scope else { return [] }
        let held = roles(token.user, scope)
        guard let id = token.credential else { return held }
        return held.intersection(expanded(credentials[id]?.roles ?? []))
    }

    /// Whether something can be the scope of a token at all.
    func isOpen(_ scope: Scope) -> Bool {
        switch scope {
        case .project(let id):
            guard let tenant = tenants[id] else { return false }
            return tenant.enabled && isOpen(.domain(tenant.domain))
        case .domain(let id): return domains[id]?.enabled ?? false
        case .system: return true
        }
    }

    /// Whether a user may log in, as far as being enabled goes.
    func isOpen(_ user: ID<User>) -> Bool {
        guard let person = people[user] else { return false }
        return person.enabled && isOpen(.domain(person.domain))
    }

    /// Whether a token that is whole is in force.
    func isInForce(_ token: Token, now: Instant) -> Bool {
        guard token.expiresAt > now, isOpen(token.user), people[token.user]?.generation == token.generation,
            !revoked.contains(token.auditID), !revoked.contains(token.parentID)
        else { return false }
        if let id = token.credential {
            guard let credential = credentials[id], credential.user == token.user,
                credential.expiresAt.map({ $0 > now }) ?? true
            else { return false }
        }
        guard let scope = token.scope else { return true }
        return isOpen(scope) && !roles(token).isEmpty
    }

    /// When a token ends by itself.
    func end(of token: Token) -> Instant {
        let credential = token.credential.flatMap { credentials[$0]?.expiresAt }
        return credential.map { min($0, token.expiresAt) } ?? token.expiresAt
    }

    /// The projects on which a user has any role, in the order of their ids.
    func projects(of user: ID<User>) -> [ID<Project>] {
        var found: Set<ID<Project>> = []
        for grant in grants(reaching: user) {
            if grant.isInherited {
                found.formUnion(projects(below: grant.target))
            } else if case .project(let id) = grant.target {
                found.insert(id)
            }
        }
        return found.filter { !roles(user, .project($0)).isEmpty }.sorted()
    }

    /// The domains on which a user has any role.
    func domains(of user: ID<User>) -> [ID<Domain>] {
        let found = grants(reaching: user).compactMap { grant -> ID<Domain>? in
            guard case .domain(let id) = grant.target, !grant.isInherited else { return nil }
            return id
        }
        return Set(found).sorted()
    }

    /// The domain that a body names by id or name; nil where there is none. Who names none means the default one.
    func domainID(_ reference: JSON?) -> ID<Domain>? {
        if let id = reference?["id"]?.string { return domains[ID(id)] == nil ? nil : ID(id) }
        guard let name = reference?["name"]?.string else { return Domain.default }
        return domainNamed[name]
    }
}

extension Facts.Credential {
    init(_ it: Stored<ApplicationCredential>) {
        (name, user, project) = (it.value.name, it.user, it.value.project)
        (roles, unrestricted, expiresAt) = (Set(it.roles.map { ID($0) }), it.unrestricted, it.expiresAt)
    }
}
