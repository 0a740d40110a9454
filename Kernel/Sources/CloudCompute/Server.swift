import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A virtual server.
public struct Server: Resource {
    // What the tenant asked for.
    public var name = "", description = "", userID = ""
    public var flavor = ID<Flavor>(""), image = "", zone = ""
    /// Copied when it is created, so that a flavor or image that goes changes nothing.
    public var vcpus = 1, memory = 0, disk = 0, imageFormat = ""
    public var metadata: [String: String] = [:], keyName = "", publicKey = "", userData = ""
    public var keyType = Keypair.KeyType.ssh
    public var power = Power.on
    /// Addresses that the owner says it is reached by, and what the owner says of its disk; nothing follows from them.
    public var accessIPv4 = "", accessIPv6 = "", diskConfig = DiskConfig.manual
    public var tags: [String] = [], serverGroup = ""
    /// Whether its owner has locked it against changes by mistake, and why.
    public var isLocked = false, lockReason = ""
    /// The password its first boot sets; forgotten once it has run.
    public var adminPass = ""
    /// Raised by each rebuild: a disk of an older one is thrown away.
    public var generation = 0
    /// What it was before a resize that its owner has not confirmed.
    public var previous: Size?
    /// The image that is being made of its disk; empty for none.
    public var snapshot = ""
    /// Ports whose cards are to be taken out.
    public var detaching: [String] = []
    // What is observed.
    public var status = Status.build, host = "", uid = 0, fault = ""
    /// The guest powered itself off: it stays so until the tenant starts it.
    public var isHalted = false
    /// When patience with a guest that was asked to stop ends.
    public var stopBy: Instant?
    public var launchedAt: Instant?

    public enum Power: String, CaseIterable, Sendable { case on, off, paused, suspended }
    public enum DiskConfig: String, CaseIterable, Sendable { case auto = "AUTO", manual = "MANUAL" }
    public enum Status: String, CaseIterable, Sendable {
        case build = "BUILD", active = "ACTIVE", shutoff = "SHUTOFF", paused = "PAUSED", reboot = "REBOOT"
        case suspended = "SUSPENDED", resize = "RESIZE", verifyResize = "VERIFY_RESIZE"
        case revertResize = "REVERT_RESIZE", rebuild = "REBUILD", error = "ERROR"
    }
    public enum Label: String, CaseIterable, Sendable { case place, run, snapshot, destroy }

    /// A flavor and what it gave.
    public struct Size: Hashable, Sendable, JSONConvertible {
        public var flavor: ID<Flavor>, vcpus: Int, memory: Int
        init(_ server: Server) { (flavor, vcpus, memory) = (server.flavor, server.vcpus, server.memory) }
        public init(json: JSON) throws(CloudError) {
            guard let flavor = json["flavor"]?.string, let vcpus = json["vcpus"]?.integer,
                let memory = json["memory"]?.integer
            else { throw .invalid("not a size.") }
            (self.flavor, self.vcpus, self.memory) = (ID(flavor), vcpus, memory)
        }
        public var json: JSON {
            ["flavor": .string(flavor.text), "vcpus": .integer(vcpus), "memory": .integer(memory)]
        }
    }

    public init() {}

    public static let kind = Kind("server", "servers", service: "compute")
    public static let access = Access.project
    public static let isShownWhileDeleted = true
    /// What a host has left, and what a project uses.
    public static let totals = [
        Totals(by: "project_id", of: ["vcpus", "memory"]), Totals(by: "host", of: ["kept_vcpus", "kept_memory"]),
    ]
    public static let fields: [Field<Server>] = [
        .text("name", \.name, [.read, .create, .update, .required, .indexed], "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .text("user_id", \.userID, [.read], max: 64, "Who created it."),
        .reference("flavor_id", \.flavor, [.read, .create, .indexed], "Its size."),
        .text("image_id", \.image, [.read, .create, .indexed], max: 64, "What its disk began as."),
        .text("availability_zone", \.zone, [.read, .create], max: 64, "Where it was asked to be."),
        .integer("vcpus", \.vcpus, [.read], 1...256, "Virtual processors."),
        .integer("memory", \.memory, [.read], 0...4_194_304, "MiB of memory."),
        .integer("disk", \.disk, [.read], 0...65_536, "GiB of root disk."),
        .text("image_format", \.imageFormat, [], max: 20, "The image's format."),
        .value("metadata", \.metadata, [.read, .create, .update], max: 32_768, "Names and values of the owner's own."),
        .text("key_name", \.keyName, [.read, .create], "The keypair put into it."),
        .text("public_key", \.publicKey, [], max: 16_384, lines: true, "The key put into it."),
        .choice("key_type", \.keyType, [], "What sort of key that is."),
        .text("user_data", \.userData, [.create, .secret], max: 65_535, "What its first boot runs, in base64."),
        .choice("power", \.power, [.read], "Whether it shall run."),
        .choice("status", \.status, [.read, .indexed], "What it does."),
        .integer("kept_vcpus", \.keptVCPUs, [], 0...256, "Virtual processors that its host keeps for it."),
        .integer("kept_memory", \.keptMemory, [], 0...4_194_304, "MiB that its host keeps for it."),
        .text("host", \.host, [.indexed], max: 64, "The host that runs it."),
        .integer("uid", \.uid, [.indexed], 0...Int.max, "The system user its process runs as."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .boolean("is_halted", \.isHalted, [], "Whether it powered itself off."),
        .time("stop_by", \.stopBy, [], "When patience with its stopping ends."),
        .time("launched_at", \.launchedAt, [.read], "When it first ran."),
        .text("access_ipv4", \.accessIPv4, [.read, .create, .update], max: 15, "An address its owner reaches it by."),
        .text(
            "access_ipv6", \.accessIPv6, [.read, .create, .update], max: 45, "An IPv6 address its owner reaches it by."),
        .choice("disk_config", \.diskConfig, [.read, .create, .update], "What its owner says of its disk."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Labels of the owner's own."),
        .text(
            "server_group", \.serverGroup, [.read, .create, .indexed], max: 64,
            "The group whose policy it is placed by."),
        .boolean("locked", \.isLocked, [.read], "Whether it is locked."),
        .text("locked_reason", \.lockReason, [.read], "Why it is locked."),
        .text("admin_pass", \.adminPass, [.secret], "The password its first boot sets."),
        .integer("generation", \.generation, [], 0...Int.max, "How often it was rebuilt."),
        .value("previous", \.previous, [], max: 512, "What it was before an unconfirmed resize."),
        .text("snapshot", \.snapshot, [], max: 64, "The image that is being made of its disk."),
        .value("detaching", \.detaching, [], max: 1024, "Ports whose cards are to be taken out."),
    ]
}

extension Signal {
    static let start = Signal(rawValue: "start")
    static let rebootSoft = Signal(rawValue: "reboot_soft")
    static let rebootHard = Signal(rawValue: "reboot_hard")
    /// Its network cards are to be others.
    static let cards = Signal(rawValue: "cards")
}

extension Server {
    /// What its host keeps for it: until a resize is confirmed, it may go back. It follows from the sizes.
    var keptVCPUs: Int {
        get { max(vcpus, previous?.vcpus ?? 0) }
        set {}
    }
    var keptMemory: Int {
        get { max(memory, previous?.memory ?? 0) }
        set {}
    }
}

extension Server: Governed {
    /// Counted with cores and memory when servers are ordered.
    public static let quota = Int.max
}
