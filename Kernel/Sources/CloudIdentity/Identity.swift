import CloudCore
import CloudStore
import CloudWire

/// The identity service: who is who, and who may do what.
public struct Identity: Sendable {
    public static let schemas = [
        Schema(Domain.self), Schema(Project.self), Schema(User.self), Schema(RoleType.self), Schema(Assignment.self),
        Schema(Revocation.self),
    ]

    public let directory: Directory
    private let store: any Store
    private let vault: any Vault
    private let clock: any Clock
    private let region: String

    public init(store: any Store, vault: any Vault, clock: any Clock, region: String) {
        directory = Directory(vault: vault)
        (self.store, self.vault, self.clock, self.region) = (store, vault, clock, region)
        store.observe { [directory] changed, reader in
            if directory.isConcerned(by: changed) { directory.follow(reader) }
        }
    }

    public var routes: [Route] {
        Catalog.routes + Login(directory: directory, vault: vault, region: region, clock: clock, store: store).routes
            + Domain.routes + Project.routes + User.routes(vault) + RoleType.routes + Assignment.routes
    }

    /// Reads the directory, and has it follow what is committed.
    public func begin() async throws(CloudError) {
        try await store.read { (reader) throws(CloudError) in try directory.load(reader) }
    }

    /// Creates, where missing, what every cloud begins with: the default domain and the three roles.
    public func found() async throws(CloudError) {
        let caller = Caller.system("start-up")
        let record = AuditRecord(caller, service: "identity", action: "found", kind: "domain", resource: "default")
        let isFounded = try await store.read { (reader) throws(CloudError) in try reader.find(Domain.default) != nil }
        guard !isFounded else { return }
        try await store.write(record) { (writer) throws(CloudError) in
            var domain = Domain()
            domain.name = "Default"
            try writer.insert(domain, id: Domain.default)
            for role in Role.allCases {
                var type = RoleType()
                type.name = role.rawValue
                try writer.insert(type, id: ID(role.rawValue))
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
            let id = Assignment.id(user!.id, project!.id, ID(role.rawValue))
            if try writer.find(id) == nil {
                var grant = Assignment()
                (grant.user, grant.target, grant.role) = (user!.id, project!.id, ID(role.rawValue))
                try writer.insert(grant, id: id)
            }
            return project!.id
        }
    }
}
