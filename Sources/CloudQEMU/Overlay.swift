import CloudCompute
import CloudCore

/// An empty qcow2 file (version 3, docs/interop/qcow2.txt of QEMU) over a backing file. Written here, since starting
/// `qemu-img` for these few numbers takes a fifth of the time that the whole guest needs to start.
enum Overlay {
    private static let cluster = 65_536

    /// - Parameters:
    ///   - base: the backing file's name, relative to the overlay.
    ///   - format: its format, so that nothing ever guesses.
    static func bytes(size: Gibibytes, base: String, format: String) -> [UInt8] {
        // An entry of the first-level table stands for 8,192 clusters, half a gibibyte.
        let entries = size.bytes / (cluster / 8 * cluster)
        let tableClusters = (entries * 8 + cluster - 1) / cluster
        // In this order: header, refcount table, refcount block, first-level table.
        let clusters = 3 + tableClusters
        let extensions = tagged(0xe279_2aca, Array(format.utf8)) + tagged(0, [])
        let headerLength = 104
        let name = Array(base.utf8)

        var out: [UInt8] = [0x51, 0x46, 0x49, 0xfb]
        out += big(3, 4) + big(headerLength + extensions.count, 8) + big(name.count, 4)
        out += big(16, 4) + big(size.bytes, 8) + big(0, 4)  // bits of a cluster, size, no encryption
        out += big(entries, 4) + big(3 * cluster, 8)  // first-level table
        out += big(cluster, 8) + big(1, 4)  // refcount table
        out += big(0, 4) + big(0, 8)  // no snapshots
        out += big(0, 8) + big(0, 8) + big(0, 8)  // no features
        out += big(4, 4) + big(headerLength, 4)  // refcounts of 2^4 bits
        out += extensions + name
        out += [UInt8](repeating: 0, count: cluster - out.count)
        out += big(2 * cluster, 8)
        out += [UInt8](repeating: 0, count: 2 * cluster - out.count)
        for _ in 0..<clusters { out += big(1, 2) }
        return out + [UInt8](repeating: 0, count: clusters * cluster - out.count)
    }

    /// A header extension: its type, its length, its bytes up to a multiple of eight.
    private static func tagged(_ type: Int, _ bytes: [UInt8]) -> [UInt8] {
        big(type, 4) + big(bytes.count, 4) + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }

    private static func big(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> ((width - 1 - $0) * 8)) }
    }
}
