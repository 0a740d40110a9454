import CloudCore
import CloudHost
import CloudStore

/// The storage daemon's volumes: each is opened through its layers, bounded in requests a second, and shown in clear
/// as one file of a mount that only its own user sees. What is read there is never kept in the page cache.
struct Opener: Sendable {
    let place: TargetPlace
    let control: QMP

    /// What a volume is called here: another name where its files are others.
    static func name(_ disk: OpenDisk) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in ([disk.volume] + disk.files.map(\.path)).joined(separator: "\n").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return "x" + Hex.string(hash)
    }

    /// The names of all that are shown.
    func names() async throws(CloudError) -> Set<String> {
        Set(try await control.execute("query-block-exports").array?.compactMap { $0["id"]?.string } ?? [])
    }

    /// Shows a volume that is not shown yet.
    func add(_ disk: OpenDisk) async throws(CloudError) {
        let name = Self.name(disk)
        // What an attempt left that did not come to its end.
        try await clear(name)
        let file = place.mountPoint(name)
        try Files.write([], to: file, mode: 0o600, user: place.user, group: place.user)
        do throws(CloudError) {
            var node = JSON.null
            for (number, layer) in disk.files.enumerated() {
                let secret = "\(name)-s\(number)"
                try await control.execute(
                    "object-add", ["qom-type": "secret", "id": .string(secret), "data": .string(layer.secret)])
                let isWritten = number == disk.files.count - 1 && !disk.isReadonly
                node = Qcow2.node(
                    "\(name)-f\(number)", file: layer.path, secret: secret, over: node, readOnly: !isWritten,
                    discards: true)
            }
            try await control.execute(
                "object-add",
                [
                    "qom-type": "throttle-group", "id": .string(name + "-g"),
                    "limits": ["iops-total": .integer(disk.iops ?? 0)],
                ])
            try await control.execute(
                "blockdev-add",
                [
                    "driver": "throttle", "node-name": .string(name + "-t"), "throttle-group": .string(name + "-g"),
                    "read-only": .bool(disk.isReadonly), "discard": "unmap", "file": node,
                ])
            try await control.execute(
                "block-export-add",
                [
                    "type": "fuse", "id": .string(name), "node-name": .string(name + "-t"),
                    "mountpoint": .string(file), "writable": .bool(!disk.isReadonly), "growable": false,
                    "allow-other": "off",
                ])
        } catch {
            try? await clear(name)
            throw error
        }
    }

    /// Shows a volume no longer, and closes its files.
    func remove(_ name: String) async throws(CloudError) {
        try await control.execute("block-export-del", ["id": .string(name), "mode": "hard"])
        let end = ContinuousClock.now + .seconds(10)
        while try await names().contains(name) {
            guard ContinuousClock.now < end else {
                throw .unavailable("virtual storage", "\(name) is not let go of")
            }
            await SystemClock().sleep(.milliseconds(10))
        }
        try await clear(name)
        try Files.remove(place.mountPoint(name))
    }

    private func clear(_ name: String) async throws(CloudError) {
        let nodes = try await control.execute("query-named-block-nodes", ["flat": true]).array ?? []
        // What is beneath goes with it.
        if nodes.contains(where: { $0["node-name"]?.string == name + "-t" }) {
            try await control.execute("blockdev-del", ["node-name": .string(name + "-t")])
        }
        for object in try await children("/objects").filter({ $0.hasPrefix(name + "-") }).sorted() {
            try await control.execute("object-del", ["id": .string(object)])
        }
    }

    /// The names below a place; none where it is not there, as before the first object.
    private func children(_ path: String) async throws(CloudError) -> [String] {
        if path != "/", try await !children("/").contains(String(path.dropFirst())) { return [] }
        return try await control.execute("qom-list", ["path": .string(path)]).array?.compactMap {
            $0["name"]?.string
        } ?? []
    }
}
