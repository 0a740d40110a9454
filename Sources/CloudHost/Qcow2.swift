import CloudCore

/// An empty qcow2 file (version 3, docs/interop/qcow2.txt of QEMU), alone or over a backing file, encrypted or not.
/// Written here, since starting `qemu-img` for these few numbers takes a fifth of the time that a whole guest needs to
/// start, and makes LUKS headers by measuring for seconds.
public enum Qcow2 {
    /// Bytes of a cluster, the unit in which such a file grows.
    public static let cluster = 65_536
    /// Where a LUKS header lies in a file, in bytes: always the same place, so that it can be erased without reading.
    public static let luksPlace = 3 * cluster

    /// - Parameters:
    ///   - base: the backing file's name, relative to this file, and its format, so that nothing ever guesses. A file
    ///     without one can still be used over others by whoever opens it and names them.
    ///   - luks: the LUKS header, whose length is a multiple of a cluster; without one the file is not encrypted.
    public static func bytes(
        size: Gibibytes, base: (name: String, format: String)? = nil, luks: [UInt8] = []
    ) -> [UInt8] {
        // An entry of the first-level table stands for 8,192 clusters, half a gibibyte.
        let entries = size.bytes / (cluster / 8 * cluster)
        let tableClusters = (entries * 8 + cluster - 1) / cluster
        // In this order: header, refcount table, refcount block, LUKS header, first-level table.
        let table = luksPlace + luks.count
        let clusters = table / cluster + tableClusters
        var extensions: [UInt8] = []
        if let base { extensions += tagged(0xe279_2aca, Array(base.format.utf8)) }
        if !luks.isEmpty { extensions += tagged(0x0537_be77, big(luksPlace, 8) + big(luks.count, 8)) }
        extensions += tagged(0, [])
        let headerLength = 104
        let name = Array((base?.name ?? "").utf8)

        var out: [UInt8] = [0x51, 0x46, 0x49, 0xfb]
        out += big(3, 4) + big(base == nil ? 0 : headerLength + extensions.count, 8) + big(name.count, 4)
        out += big(16, 4) + big(size.bytes, 8) + big(luks.isEmpty ? 0 : 2, 4)  // bits of a cluster, size, encryption
        out += big(entries, 4) + big(table, 8)  // first-level table
        out += big(cluster, 8) + big(1, 4)  // refcount table
        out += big(0, 4) + big(0, 8)  // no snapshots
        out += big(0, 8) + big(0, 8) + big(0, 8)  // no features
        out += big(4, 4) + big(headerLength, 4)  // refcounts of 2^4 bits
        out += extensions + name
        out += [UInt8](repeating: 0, count: cluster - out.count)
        out += big(2 * cluster, 8)
        out += [UInt8](repeating: 0, count: 2 * cluster - out.count)
        for _ in 0..<clusters { out += big(1, 2) }
        out += [UInt8](repeating: 0, count: luksPlace - out.count)
        return out + luks + [UInt8](repeating: 0, count: tableClusters * cluster)
    }

    /// An encrypted file as a node of QEMU's. What is beneath it is said here: no name in a header counts, and nothing
    /// is probed.
    ///
    /// - Parameters:
    ///   - secret: the id of the object that holds what its LUKS header is opened with.
    ///   - discards: whether what a guest discards is given back to the file system.
    ///   - backing: the node beneath it, by its name or as a whole; null for none.
    public static func node(
        _ name: String, file: String, secret: String, over backing: JSON, readOnly: Bool, discards: Bool = false
    ) -> JSON {
        let discard: JSON = discards ? "unmap" : "ignore"
        return [
            "driver": "qcow2", "node-name": .string(name), "read-only": .bool(readOnly), "discard": discard,
            "encrypt": ["format": "luks", "key-secret": .string(secret)], "backing": backing,
            "file": [
                "driver": "file", "filename": .string(file), "read-only": .bool(readOnly), "discard": discard,
            ],
        ]
    }

    /// A header extension: its type, its length, its bytes up to a multiple of eight.
    private static func tagged(_ type: Int, _ bytes: [UInt8]) -> [UInt8] {
        big(type, 4) + big(bytes.count, 4) + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }

    private static func big(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> ((width - 1 - $0) * 8)) }
    }
}
