import CloudCore
import CloudStorage
import CloudWire
import Synchronization

/// Disks' layers, in memory. A gibibyte has fewer bytes here, so that disks of any size are quickly read.
public final class SimLayers: LayerPool {
    /// One layer, as a test may look at it.
    public struct Kept: Sendable {
        public var secret: String
        public var size: Gibibytes
        /// The guest's user that may open it; 0 for none.
        public var user = 0
        /// Blocks of 4,096 bytes by their number; what is not here is asked of the layer below.
        public var blocks: [Int: [UInt8]] = [:]
    }
    static let block = 4096

    /// Bytes of a gibibyte.
    public let gibibyte: Int
    private let capacity: Int
    private let mischief: Mischief
    private let image: @Sendable (String) -> [UInt8]
    private let kept = Mutex<[String: Kept]>([:])
    private let made = Mutex<[String: Int]>([:])

    /// - Parameters:
    ///   - gibibyte: a multiple of 4,096 bytes.
    ///   - capacity: bytes that all layers may hold together.
    ///   - image: what the file of an image holds; its own path, unless a test says otherwise.
    public init(
        _ mischief: Mischief, gibibyte: Int = 4096, capacity: Int = 1 << 40,
        image: @escaping @Sendable (String) -> [UInt8] = { Array($0.utf8) }
    ) {
        (self.mischief, self.gibibyte, self.capacity, self.image) = (mischief, gibibyte, capacity, image)
    }

    /// Every layer, for checks.
    public var all: [String: Kept] { kept.withLock { $0 } }
    /// Layers that were written over, merged or removed while a virtual storage had them open.
    public var misused: Set<String> { misuses.withLock { $0 } }
    private let misuses = Mutex<Set<String>>([])
    private func expectUnserved(_ layers: some Sequence<String>) {
        for layer in layers where SimTargets.users.contains(all[layer]?.user ?? 0) {
            misuses.withLock { _ = $0.insert(layer) }
        }
    }
    /// How often each was made: more than once has lost its owner's data.
    public var timesMade: [String: Int] { made.withLock { $0 } }

    public func ensure(_ disk: LayeredDisk, from source: DiskSource?) async throws(CloudError) {
        let newest = try disk.newest(from: source)
        try await mischief.effect("ensure layer \(newest.id)") { () throws(CloudError) in
            guard all[newest.id] == nil else { return }
            expectUnserved(disk.layers.map(\.id))
            _ = try chain(disk.layers.dropLast())
            var new = Kept(secret: newest.secret, size: disk.size)
            switch source {
            case nil: break
            case .image(let path, _):
                let bytes = image(path)
                guard bytes.count <= disk.size.count * gibibyte else {
                    throw .invalid("The disk is smaller than what it is made from.", field: "size")
                }
                new.blocks = Self.blocks(bytes)
            case .disk(let other): new.blocks = try chain(other.layers[...]).flat
            }
            guard used + new.blocks.count * Self.block <= capacity else {
                throw .unavailable("storage pool", "it is full")
            }
            let made = new
            kept.withLock { $0[newest.id] = made }
            self.made.withLock { $0[newest.id, default: 0] += 1 }
        }
    }

    public func ensureSize(_ disk: LayeredDisk) async throws(CloudError) {
        let newest = try disk.newest()
        try await mischief.effect("ensure layer \(newest.id) has \(disk.size.count) GiB") { () throws(CloudError) in
            let size = try chain(disk.layers[...]).last?.size ?? disk.size
            kept.withLock { $0[newest.id]?.size = max(size, disk.size) }
        }
    }

    public func ensureMerged(_ layer: String, of disk: LayeredDisk) async throws(CloudError) {
        _ = try disk.newest()
        let above = try disk.above(layer)
        try await mischief.effect("merge layer \(layer)") { () throws(CloudError) in
            expectUnserved(disk.layers.map(\.id))
            let chain = try chain(disk.layers[...above])
            let blocks = chain[above - 1].blocks.merging(chain[above].blocks) { $1 }
            kept.withLock { $0[disk.layers[above].id]?.blocks = blocks }
        }
    }

    public func path(_ layer: String) -> String { "simulated/" + layer }

    /// Who may open a layer by its path; nil where there is none.
    func user(of path: String) -> Int? { all[String(path.dropFirst("simulated/".count))]?.user }

    public func give(_ layers: [String], to user: Int) async throws(CloudError) {
        try await mischief.effect("give layers to \(user)") { () throws(CloudError) in
            for layer in layers {
                guard all[layer] != nil else { throw .missing("Layer", layer) }
                kept.withLock { $0[layer]?.user = user }
            }
        }
    }

    public func takeBack(_ layers: [String]) async throws(CloudError) {
        try await mischief.effect("take layers back") { () throws(CloudError) in
            kept.withLock { kept in for layer in layers { kept[layer]?.user = 0 } }
        }
    }

    public func export(
        _ disk: LayeredDisk
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        _ = try disk.newest()
        return try await mischief.effect("export disk of \(disk.layers.count) layers") { () throws(CloudError) in
            let chain = try chain(disk.layers[...])
            let size = min(chain[chain.count - 1].size.count, disk.size.count) * gibibyte
            var bytes = [UInt8](repeating: 0, count: size)
            for (place, block) in chain.flat where place * Self.block < size {
                bytes.replaceSubrange(place * Self.block..<(place + 1) * Self.block, with: block)
            }
            return Chunk(bytes)
        }
    }

    public func remove(_ layer: String) async throws(CloudError) {
        try Layer.check(layer)
        try await mischief.effect("remove layer \(layer)") { () throws(CloudError) in
            expectUnserved([layer])
            kept.withLock { $0[layer] = nil }
        }
    }

    public func layers() async throws(CloudError) -> Set<String> {
        try await mischief.effect("list layers") { () throws(CloudError) in Set(all.keys) }
    }

    public func space() async throws(CloudError) -> PoolSpace {
        try await mischief.effect("space of layers") { () throws(CloudError) in
            PoolSpace(total: capacity, free: max(capacity - used, 0))
        }
    }

    /// Writes as a guest does that has the disk.
    public func write(_ bytes: [UInt8], at place: Int, to disk: LayeredDisk) throws(CloudError) {
        let newest = try disk.newest()
        let below = try chain(disk.layers[...]).flat
        var blocks: [Int: [UInt8]] = [:]
        for (offset, byte) in bytes.enumerated() {
            let (block, within) = (place + offset).quotientAndRemainder(dividingBy: Self.block)
            let old = below[block] ?? [UInt8](repeating: 0, count: Self.block)
            blocks[block, default: old][within] = byte
        }
        let new = blocks
        kept.withLock { $0[newest.id]?.blocks.merge(new) { $1 } }
    }

    private var used: Int { kept.withLock { $0.values.reduce(0) { $0 + $1.blocks.count * Self.block } } }

    private func chain(_ layers: ArraySlice<Layer>) throws(CloudError) -> [Kept] {
        let all = self.all
        var found: [Kept] = []
        for layer in layers {
            guard let it = all[layer.id] else { throw .missing("Layer", layer.id) }
            guard it.secret == layer.secret else { throw .invalid("The secret does not open the layer.") }
            found.append(it)
        }
        return found
    }

    static func blocks(_ bytes: [UInt8]) -> [Int: [UInt8]] {
        var found: [Int: [UInt8]] = [:]
        for start in stride(from: 0, to: bytes.count, by: block) {
            let piece = Array(bytes[start..<min(start + block, bytes.count)])
            found[start / block] = piece + [UInt8](repeating: 0, count: block - piece.count)
        }
        return found
    }
}

extension [SimLayers.Kept] {
    /// What the layers hold together: the newest that has a block has it.
    var flat: [Int: [UInt8]] { reduce(into: [:]) { $0.merge($1.blocks) { $1 } } }
}
