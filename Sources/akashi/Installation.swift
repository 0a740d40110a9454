import CloudCore
import CloudHost
import CloudIdentity
import CloudServices
import Glibc

/// What an installation keeps besides its store: passwords of the first users, and files that clients read.
struct Installation: Sendable {
    let dirs: InstanceDirs

    /// The accounts that exist from the first start.
    private static let accounts: [(name: String, role: Role)] = [("admin", .admin), ("demo", .member)]

    var lock: String { dirs.state + "/lock" }
    var process: String { dirs.run + "/akashi" }
    var ready: String { dirs.run + "/ready" }
    var log: String { dirs.logs + "/akashi.log" }
    private var passwords: String { dirs.state + "/passwords" }

    /// The first of this installation's guest users: installations on one machine use ranges of their own.
    var firstUID: Int { 1_000_000 + place * 65_536 }

    /// The users that tools work as on volumes, beyond all guests'.
    var toolUIDs: Range<Int> { 1_200_000_000 + place * 16..<1_200_000_009 + place * 16 }

    /// The users that virtual storages are served as, one each.
    var targetUIDs: Range<Int> { 1_300_000_000 + place * 4096..<1_300_000_000 + (place + 1) * 4096 }

    private var place: Int { Int(UInt32(dirs.tag, radix: 16)! % 16_384) }

    /// Takes the installation for this process, until it ends; `conflict` where another has it.
    func take() async throws(CloudError) {
        let file = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Files.failure("open", lock) }
        let end = ContinuousClock.now + .seconds(2)
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let isHeld = ProcessHandle.load(process)?.isAlive ?? false
            // One that has just ended holds its files until the last of its threads is gone.
            guard !isHeld, ContinuousClock.now < end else {
                close(file)
                throw .conflict(
                    "Akashi already runs in \(dirs.state)" + (isHeld ? "." : ", or is being stopped there."))
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Creates the first users at the first start, and writes what clients need to log in as them.
    func prepareAccounts(_ cloud: Cloud, base: String, root: String?, region: String) async throws(CloudError) {
        let known = try readPasswords()
        var projects: [String: ProjectTextID] = [:]
        for (name, role) in Self.accounts {
            let id = try await cloud.identity.enlist(
                user: name, password: known[name]!, project: name, role: role, dice: SystemDice())
            projects[name] = id.text
        }
        var clouds = "clouds:\n"
        for (name, _) in Self.accounts {
            let login = ClientLogin(
                user: name, password: known[name]!, project: projects[name]!, base: base, root: root, region: region)
            try Files.write(Array(login.openrc.utf8), to: "\(dirs.state)/openrc-\(name)", mode: 0o600)
            clouds += login.cloudsEntry
        }
        try Files.write(Array(clouds.utf8), to: dirs.state + "/clouds.yaml", mode: 0o600)
    }

    typealias ProjectTextID = String

    private func readPasswords() throws(CloudError) -> [String: String] {
        var known: [String: String] = [:]
        for line in String(decoding: try Files.read(passwords) ?? [], as: UTF8.self).split(separator: "\n") {
            let sides = line.split(separator: " ")
            if sides.count == 2 { known[String(sides[0])] = String(sides[1]) }
        }
        let missing = Self.accounts.filter { known[$0.name] == nil }
        guard !missing.isEmpty else { return known }
        for account in missing { known[account.name] = SystemDice().hex32().prefix(24).description }
        let text = known.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
        try Files.write(Array(text.utf8), to: passwords, mode: 0o600, sync: true)
        return known
    }
}

/// How the official clients log in, as a file for the shell and an entry of clouds.yaml.
struct ClientLogin {
    let user: String
    let password: String
    let project: String
    let base: String
    /// The authority's certificate; nil for plain HTTP.
    let root: String?
    let region: String

    var openrc: String {
        var lines = [
            "OS_AUTH_URL=\(base)/identity/v3", "OS_USERNAME=\(user)", "OS_PASSWORD=\(password)",
            // ECL's client reads the first of these, OpenStack's the second.
            "OS_TENANT_ID=\(project)", "OS_PROJECT_ID=\(project)", "OS_USER_DOMAIN_ID=default",
            "OS_PROJECT_DOMAIN_ID=default", "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=\(region)",
        ]
        // ECL's client does not look at OS_CACERT; the library beneath it reads the second.
        if let root { lines += ["OS_CACERT=\(root)", "REQUESTS_CA_BUNDLE=\(root)"] }
        return lines.map { "export \($0)\n" }.joined()
    }

    var cloudsEntry: String {
        var text = """
              \(user):
                auth:
                  auth_url: \(base)/identity/v3
                  username: \(user)
                  password: \(password)
                  project_id: \(project)
                  user_domain_id: default
                  project_domain_id: default
                region_name: \(region)
                identity_api_version: 3

            """
        if let root { text += "    cacert: \(root)\n" }
        return text
    }
}
