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
    public var power = Power.on
    // What is observed.
    public var status = Status.build, host = "", uid = 0, fault = ""
    /// The guest powered itself off: it stays so until the tenant starts it.
    public var isHalted = false
    /// When patience with a guest that was asked to stop ends.
    public var stopBy: Instant?
    public var launchedAt: Instant?

    public enum Power: String, CaseIterable, Sendable { case on, off, paused }
    public enum Status: String, CaseIterable, Sendable {
        case build = "BUILD", active = "ACTIVE", shutoff = "SHUTOFF", paused = "PAUSED", reboot = "REBOOT"
        case error = "ERROR"
    }
    public enum Label: String, CaseIterable, Sendable { case place, run, destroy }

    public init() {}

    public static let kind = Kind("server", "servers", service: "compute")
    public static let access = Access.project
    public static let isShownWhileDeleted = true
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
        .text("public_key", \.publicKey, [], max: 16_384, "The key put into it."),
        .text("user_data", \.userData, [.create, .secret], max: 65_535, "What its first boot runs, in base64."),
        .choice("power", \.power, [.read], "Whether it shall run."),
        .choice("status", \.status, [.read, .indexed], "What it does."),
        .text("host", \.host, [.indexed], max: 64, "The host that runs it."),
        .integer("uid", \.uid, [], 0...Int.max, "The system user its process runs as."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .boolean("is_halted", \.isHalted, [], "Whether it powered itself off."),
        .time("stop_by", \.stopBy, [], "When patience with its stopping ends."),
        .time("launched_at", \.launchedAt, [.read], "When it first ran."),
    ]
}

extension Signal {
    static let start = Signal(rawValue: "start")
    static let rebootSoft = Signal(rawValue: "reboot_soft")
    static let rebootHard = Signal(rawValue: "reboot_hard")
}

extension Server: Governed {
    public static let quota = 50
}
