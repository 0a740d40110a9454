import CloudCore
import CloudStore
import CloudWire

/// The identity service: who is who, and who may do what.
public struct Identity: Sendable {
    public static let schemas = [
        Schema(Domain.self), Schema(Project.self), Schema(User.self), Schema(Group.self), Schema(Membership.self),
        Schema(RoleType.self), Schema(RoleImplication.self), Schema(Assignment.self),
        Schema(ApplicationCredential.self),
        Schema(Revocation.self), Schema(Region.self), Schema(ServiceEntry.self), Schema(Endpoint.self),
    ]

    public let directory: Directory
    private let store: any Store
    private let vault: any Vault
    private let clock: any Clock
    private let region: String
    private let guardian = LoginGuard()

    public init(store: any Store, vault: any Vault, clock: any Clock, region: String) {
        directory = Directory(vault: vault)
        (self.store, self.vault, self.clock, self.region) = (store, vault, clock, region)
        store.observe { [directory] changed, reader in
            if directory.isConcerned(by: changed) { directory.follow(changed, reader) }
        }
    }

    public var routes: [Route] {
        let people = User.routes(vault, guardian, clock) + Group.routes + Membership.routes
        let places = Domain.routes(directory) + Project.routes(directory)
        let roles =
            RoleType.routes + RoleImplication.routes(directory) + GrantRoutes.all + [
                AssignmentList(directory: directory).route
            ]
        let tokens =
            [Login(directory: directory, vault: vault, guardian: guardian, clock: clock).route]
            + TokenRoutes(directory: directory, vault: vault, clock: clock).all
            + ApplicationCredentialRoutes(directory: directory, vault: vault).all
        let catalog = Catalog.routes + Region.routes + ServiceEntry.routes + Endpoint.routes
        // Behind Keystone's own, which come first wherever one of them is looked for.
        let sss =
            SSSUsers(directory: directory, vault: vault, guardian: guardian).routes
            + SSSTenants(directory: directory, region: region).routes
            + SSSWorkspaces(directory: directory, region: region).routes
        return tokens + places + people + roles + catalog + sss
    }

    /// Reads the directory, and has it follow what is committed.
    public func begin() async throws(CloudError) {
        try await store.read { (reader) throws(CloudError) in try directory.load(reader) }
    }

    /// Creates, where missing, what every cloud begins with: the default domain, the three roles of which each implies
    /// the one below, and the catalogue of its own services.
    public func found() async throws(CloudError) {
        let caller = Caller.system("start-up")
        let record = AuditRecord(caller, service: "identity", action: "found", kind: "domain", resource: "default")
        let isFounded = try await store.read { (reader) throws(CloudError) in
            let hasDomain = try reader.find(Domain.default) != nil
            return hasDomain ? try Catalog.isFounded(reader) : false
        }
        guard !isFounded else { return }
        let region = region
        try await store.write(record) { (writer) throws(CloudError) in
            try Catalog.found(region, writer)
            guard try writer.find(Domain.default) == nil else { return }
            var domain = Domain()
            domain.name = "Default"
            try writer.insert(domain, id: Domain.default)
            var below: ID<RoleType>?
            for role in Role.allCases {
                var type = RoleType()
                type.name = role.rawValue
                let it = try writer.create(type, id: ID(role.rawValue), project: ID(""), for: caller)
                if let below {
                    var rule = RoleImplication()
                    (rule.prior, rule.implied) = (it.id, below)
                    try writer.insert(rule, id: RoleImplication.id(it.id, below))
                }
                below = it.id
            }
        }
    }

    /// Creates a project with one user who has a role on it; leaves them as they are if they exist. Returns the project.
    public func enlist(
        user name: String, password: String, project projectName: String, role: Role, dice: any Dice
    ) async throws(CloudError) -> ID<Project> {
        let caller = Caller.system("start-up")
        let hash = try await vault.hash(password)
        let (newProject, newUser) = (Project.newID(dice), User.newID(dice))
        let record = AuditRecord(caller, service: "identity", action: "enlist", kind: "user", resource: name)
        return try await store.write(record) { (writer) throws(CloudError) in
            var project = try writer.first(Project.self, where: "name", .string(projectName))
            if project == nil {
                var value = Project()
                value.name = projectName
                project = try writer.create(value, id: newProject, project: ID(""), for: caller)
            }
            var user = try writer.first(User.self, where: "name", .string(name))
            if user == nil {
                var value = User()
                (value.name, value.password, value.defaultProject) = (name, hash, project!.id.text)
                user = try writer.create(value, id: newUser, project: ID(""), for: caller)
            }
            try writer.grant(
                Facts.Grant(
                    grantee: .user(user!.id), target: .project(project!.id), role: ID(role.rawValue), isInherited: false
                ))
            return project!.id
        }
    }
}
