import CloudCompute
import CloudCore
import CloudHost
import CloudStore

/// Volumes that come and go while the guest runs, or before its first instruction, through root ports of their own.
extension QEMUHypervisor {
    public func ensureDisks(_ disks: [OpenDisk], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            let known = Set(try await peripherals(running).filter { $0.hasPrefix(Plugged.prefix) })
            let wanted = Dictionary(disks.map { (Plugged($0).device, $0) }, uniquingKeysWith: { first, _ in first })
            for device in known.subtracting(wanted.keys).sorted() { try await remove(device, running) }
            // Also of devices that were gone before, and of attempts that did not come to their end.
            let inUse = Set(wanted.keys.filter(known.contains).map { Plugged(device: $0).stem })
            for stem in try await stems(running).subtracting(inUse).sorted() { try await clear(stem, running) }
            for disk in disks where !known.contains(Plugged(disk).device) { try await add(disk, running) }
        }
    }

    private func add(_ disk: OpenDisk, _ running: Running) async throws(CloudError) {
        let plugged = Plugged(disk)
        let free = try await freeSlot(running)
        guard let free else {
            throw .conflict("The server has no slot left for a volume; it gets it at its next start.")
        }
        do throws(CloudError) {
            for (command, arguments) in plugged.nodes(disk) { try await running.act.execute(command, arguments) }
            try await running.act.execute(
                "device_add",
                [
                    "driver": "virtio-blk-pci", "id": .string(plugged.device), "bus": .string(free),
                    "drive": .string(plugged.top), "serial": .string(String(disk.volume.prefix(20))),
                ])
        } catch {
            try? await clear(plugged.stem, running)
            throw error
        }
    }

    /// A root port for volumes that has none; nil where all are taken.
    private func freeSlot(_ running: Running) async throws(CloudError) -> String? {
        var taken: Set<String> = []
        for device in try await peripherals(running) where device.hasPrefix(Plugged.prefix) {
            let bus = try await running.act.execute(
                "qom-get", ["path": .string("/machine/peripheral/" + device), "property": "parent_bus"])
            taken.insert(bus.string.flatMap { $0.split(separator: "/").last }.map(String.init) ?? "")
        }
        let present = Set(try await peripherals(running))
        return (1...QEMUCommand.diskSlots).map(QEMUCommand.diskSlot).first {
            present.contains($0) && !taken.contains($0)
        }
    }

    /// The volumes of which the process has anything, by what the names of their parts begin with.
    private func stems(_ running: Running) async throws(CloudError) -> Set<String> {
        let names = try await nodes(running) + objects(running)
        return Set(names.compactMap(Plugged.stem(of:)))
    }

    private func nodes(_ running: Running) async throws(CloudError) -> [String] {
        let all = try await running.act.execute("query-named-block-nodes", ["flat": true]).array ?? []
        return all.compactMap { $0["node-name"]?.string }
    }

    private func objects(_ running: Running) async throws(CloudError) -> [String] {
        (try await running.act.execute("qom-list", ["path": "/objects"]).array ?? []).compactMap { $0["name"]?.string }
    }

    /// Takes away what is behind a device that is gone: its files are closed then. What is not there is no failure.
    private func clear(_ stem: String, _ running: Running) async throws(CloudError) {
        let names = try await nodes(running).filter { $0.hasPrefix(stem) }
        // From the top down: a node that another stands on cannot go.
        for name in names.sorted(by: { Plugged.place(of: $0) > Plugged.place(of: $1) }) {
            try await delete(node: name, running)
        }
        for name in try await objects(running).filter({ $0.hasPrefix(stem) }).sorted() {
            try await running.act.execute("object-del", ["id": .string(name)])
        }
    }

    /// A device that is gone may hold its node for some moments more.
    private func delete(node: String, _ running: Running) async throws(CloudError) {
        for attempt in 1... {
            do throws(CloudError) {
                try await running.act.execute("blockdev-del", ["node-name": .string(node)])
                return
            } catch {
                guard attempt < 50 else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// What a volume's parts are called within its guest's process.
struct Plugged {
    static let prefix = "volume-"
    let device: String
    /// What the names of its nodes and objects begin with; a node's name has at most 31 bytes.
    let stem: String

    init(_ disk: OpenDisk) { self.init(device: Self.prefix + disk.volume) }

    init(device: String) {
        self.device = device
        stem = "v" + device.dropFirst(Self.prefix.count).filter { $0 != "-" }.prefix(24) + "."
    }

    /// What a part's name begins with; nil for what is no volume's.
    static func stem(of name: String) -> String? {
        guard let dot = name.firstIndex(of: "."), name.first == "v", name.distance(from: name.startIndex, to: dot) == 25
        else { return nil }
        return String(name[...dot])
    }

    /// How far up a node stands: what its name says after `f`, and above all of those the last one.
    static func place(of name: String) -> Int { Int(name.drop { $0 != "." }.dropFirst(2)) ?? .max }

    /// What the guest's requests reach first.
    var top: String { stem + "t" }

    /// The commands that make its nodes: a secret and a node for each file, and the bound of its requests above.
    ///
    /// Every file and what it stands on is said: a name in a header is never followed.
    func nodes(_ disk: OpenDisk) -> [(command: String, arguments: JSON)] {
        var commands: [(command: String, arguments: JSON)] = []
        for (place, file) in disk.files.enumerated() {
            let isWritten = place == disk.files.count - 1 && !disk.isReadonly
            let secret = "\(stem)s\(place)"
            commands.append(
                ("object-add", ["qom-type": "secret", "id": .string(secret), "data": .string(file.secret)]))
            commands.append(
                (
                    "blockdev-add",
                    [
                        "driver": "qcow2", "node-name": .string("\(stem)f\(place)"), "read-only": .bool(!isWritten),
                        "discard": "unmap", "encrypt": ["format": "luks", "key-secret": .string(secret)],
                        "backing": place == 0 ? .null : .string("\(stem)f\(place - 1)"),
                        "file": [
                            "driver": "file", "filename": .string(file.path), "read-only": .bool(!isWritten),
                            "discard": "unmap",
                        ],
                    ]
                ))
        }
        // Also where there is no bound, so that one can be set while the guest runs.
        commands.append(
            (
                "object-add",
                [
                    "qom-type": "throttle-group", "id": .string(stem + "g"),
                    "limits": ["iops-total": .integer(disk.iops ?? 0)],
                ]
            ))
        commands.append(
            (
                "blockdev-add",
                [
                    "driver": "throttle", "node-name": .string(top), "throttle-group": .string(stem + "g"),
                    "file": .string("\(stem)f\(disk.files.count - 1)"), "read-only": .bool(disk.isReadonly),
                    "discard": "unmap",
                ]
            ))
        return commands
    }
}
