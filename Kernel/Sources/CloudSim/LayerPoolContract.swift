import CloudCore
import CloudStorage

/// A pool, and what its contract needs beside it.
public protocol LayerStage: Sendable {
    var pool: any LayerPool { get }
    /// Bytes of a gibibyte: a twin has fewer.
    var gibibyte: Int { get }
    /// Writes as a guest does that has the disk.
    func write(_ bytes: [UInt8], at place: Int, to disk: LayeredDisk) async throws(CloudError)
    /// A raw image of these bytes.
    func image(_ bytes: [UInt8]) async throws(CloudError) -> DiskSource
}

/// What every pool of layers must do, as a suite that runs on any: in memory, and real files.
///
/// Each case gets a pool of its own. A case that fails throws `fault`, saying what was expected.
public struct LayerPoolContract: Sendable {
    /// One thing that a pool must do.
    public struct Case: Sendable, CustomStringConvertible {
        /// What it does, as a sentence.
        public let description: String
        let body: @Sendable (LayerBench) async throws(CloudError) -> Void

        init(_ description: String, _ body: @escaping @Sendable (LayerBench) async throws(CloudError) -> Void) {
            (self.description, self.body) = (description, body)
        }
    }

    private let stage: any LayerStage

    public init(_ stage: any LayerStage) { self.stage = stage }

    /// Runs one case; throws what was wrong.
    public func run(_ one: Case) async throws(CloudError) { try await one.body(LayerBench(stage: stage)) }

    /// Every case.
    public static let cases = contentCases + chainCases + boundCases
}

/// A case's pool, and short words for what most cases do.
struct LayerBench: Sendable {
    let stage: any LayerStage
    var pool: any LayerPool { stage.pool }
    var gibibyte: Int { stage.gibibyte }

    /// What a disk holds: its length, and those of its blocks that are not all zeroes.
    struct Content: Equatable {
        var size: Int
        var blocks: [Int: [UInt8]] = [:]

        mutating func write(_ bytes: [UInt8], at place: Int) {
            for (offset, block) in SimLayers.blocks(bytes) { blocks[place / SimLayers.block + offset] = block }
            blocks = blocks.filter { $0.value.contains { $0 != 0 } }
        }
    }

    func layer() -> Layer {
        Layer(id: SystemDice().uuid(), secret: Hex.string(SystemDice().bytes(32)))
    }
    func disk(_ size: Int = 1, over below: LayeredDisk? = nil) -> LayeredDisk {
        LayeredDisk(size: Gibibytes(size), layers: (below?.layers ?? []) + [layer()])
    }
    /// A new disk with some bytes in it, and its content.
    func written(
        size: Int = 1, over below: (LayeredDisk, Content)? = nil, _ writes: [(UInt8, place: Int, count: Int)]
    ) async throws(CloudError) -> (LayeredDisk, Content) {
        let new = disk(size, over: below?.0)
        try await pool.ensure(new, from: nil)
        var content = below?.1 ?? Content(size: 0)
        content.size = size * gibibyte
        for (byte, place, count) in writes {
            let bytes = [UInt8](repeating: byte, count: count)
            try await stage.write(bytes, at: place, to: new)
            content.write(bytes, at: place)
        }
        return (new, content)
    }
    func read(_ disk: LayeredDisk) async throws(CloudError) -> Content {
        var content = Content(size: 0)
        // Pieces have any length; blocks are compared.
        var open: [UInt8] = []
        do {
            for try await piece in try await pool.export(disk) {
                open += piece
                let whole = open.count / SimLayers.block * SimLayers.block
                for (place, block) in Self.filled(open[..<whole]) {
                    content.blocks[content.size / SimLayers.block + place] = block
                }
                content.size += whole
                open.removeFirst(whole)
            }
        } catch let error as CloudError { throw error } catch { throw .fault("\(error)") }
        try expect(open.isEmpty, "a disk ends with a block")
        return content
    }
    private static func filled(_ bytes: ArraySlice<UInt8>) -> [(Int, [UInt8])] {
        stride(from: 0, to: bytes.count, by: SimLayers.block).compactMap { start in
            let block = bytes[(bytes.startIndex + start)..<(bytes.startIndex + start + SimLayers.block)]
            return block.allSatisfy { $0 == 0 } ? nil : (start / SimLayers.block, Array(block))
        }
    }
    func expect(_ disk: LayeredDisk, holds content: Content, _ what: String) async throws(CloudError) {
        let found = try await read(disk)
        try expect(found.size == content.size, "\(what): \(found.size) bytes, not \(content.size)")
        let odd = Set(found.blocks.keys).symmetricDifference(content.blocks.keys)
        try expect(odd.isEmpty, "\(what): blocks \(odd.sorted().prefix(9))")
        try expect(found == content, what)
    }
    /// Expects a call to be refused in this way, and to have left nothing and taken nothing.
    func refuse(
        _ code: CloudError.Code, _ what: String, _ body: () async throws(CloudError) -> Void
    ) async throws(CloudError) {
        let before = try await pool.layers()
        do throws(CloudError) { try await body() } catch {
            try expect(error.code == code, "\(what): \(code.rawValue), not \(error)")
            return try expect(before == (try await pool.layers()), "\(what): what is refused changes nothing")
        }
        throw .fault("\(what): expected \(code.rawValue), and it was done")
    }
    func expect(_ holds: Bool, _ what: String) throws(CloudError) {
        guard holds else { throw .fault("the pool breaks its contract: " + what) }
    }
}
