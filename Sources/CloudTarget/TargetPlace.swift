import CloudCore
import CloudHost
import CloudStorage

/// Where one virtual storage keeps its sockets, and the two programs that serve it: QEMU's storage daemon opens the
/// volumes' files, tgtd speaks iSCSI. Both run as a user that is for this virtual storage alone, without any right.
struct TargetPlace: Sendable {
    let id: String
    let user: Int
    private let dirs: InstanceDirs

    init(_ storage: ID<VirtualStorage>, user: Int, _ dirs: InstanceDirs) throws(CloudError) {
        guard storage.isPlain else { throw .invalid("\(storage) is no id that a virtual storage may have") }
        (id, self.user, self.dirs) = (storage.text, user, dirs)
    }

    /// The parent of all virtual storages' directories.
    static func all(_ dirs: InstanceDirs) -> String { dirs.run + "/targets" }
    var directory: String { "\(Self.all(dirs))/\(id)" }
    /// The storage daemon's commands.
    var control: String { directory + "/control" }
    /// The storage daemon shows a volume here, to itself and to tgtd alone.
    func mountPoint(_ export: String) -> String { "\(directory)/\(export)" }
    private var talk: String { directory + "/tgtd" }
    private var talkSocket: String { talk + ".0" }
    var namespace: NetworkNamespace { dirs.namespace("storage-\(id)") }

    /// What a program of one virtual storage is called here: `opener` or `server`.
    func handle(_ name: String) -> String { "\(dirs.run)/\(name).process" }
    func log(_ name: String) -> String { "\(dirs.logs)/\(name).log" }
    var opener: String { "storage-\(id)" }
    var server: String { "iscsi-\(id)" }

    func prepareFiles() throws(CloudError) {
        try Files.ensureDirectory(Self.all(dirs), mode: 0o711)
        try Files.ensureDirectory(directory, mode: 0o700, user: user, group: user)
    }

    /// Programs become one another here: each stays one process.
    private var confinement: [String] {
        [
            "setpriv", "--reuid", String(user), "--regid", String(user), "--clear-groups", "--no-new-privs",
            "--inh-caps=-all", "--bounding-set=-all", "prlimit", "--as=\(4 << 30)", "--core=0", "--",
        ]
    }

    /// The storage daemon in namespaces of its own: it has no network, and what it mounts nobody else sees.
    var openerSpec: DaemonSpec {
        let control = control
        return DaemonSpec(
            name: opener,
            argv: confinement + [
                "unshare", "--user", "--map-root-user", "--mount", "--net", "qemu-storage-daemon", "--chardev",
                "socket,id=control,path=\(control),server=on,wait=off", "--monitor", "chardev=control",
            ]
        ) {
            guard let commands = try? await QMP.connect(control, timeout: .seconds(1)) else { return false }
            commands.close()
            return true
        }
    }

    /// tgtd at one address.
    func serverSpec(_ address: IPv4) -> DaemonSpec {
        DaemonSpec(
            name: server,
            argv: confinement + [
                "tgtd", "-f", "-C", "0", "-t", "4", "--iscsi", "portal=\(address):\(TargetNetwork.port)",
            ], environment: ["TGT_IPC_SOCKET": talk], namespace: namespace
        ) { (try? await ask(["--op", "show", "--mode", "target"])) != nil }
    }

    /// Tells tgtd something; what it said.
    ///
    /// - Throws: `fault` where it refuses.
    @discardableResult
    func ask(_ words: [String]) async throws(CloudError) -> String {
        guard Files.exists(talkSocket) else { throw .unavailable("virtual storage", "tgtd does not listen") }
        // tgtd listens to its own user alone.
        return try await Command.run(
            ["env", "TGT_IPC_SOCKET=\(talk)", "tgtadm", "-C", "0", "--lld", "iscsi"] + words,
            as: Confined(user: user)
        ).text
    }
}
