import CloudCore
import CloudSim
import CloudStorage
import Synchronization
import Testing

@Suite("The pool in memory keeps the pool's contract")
struct LayerPoolContractTests {
    @Test("contract", arguments: LayerPoolContract.cases)
    func contract(_ one: LayerPoolContract.Case) async throws { try await LayerPoolContract(Stage()).run(one) }

    @Test("a full pool says so and keeps what it has")
    func full() async throws {
        let mischief = Mischief(dice: SeededDice(1), clock: SimClock())
        let pool = SimLayers(mischief, capacity: 4096, image: { _ in [1] })
        let disks = (0..<2).map { _ in
            LayeredDisk(
                size: Gibibytes(1),
                layers: [Layer(id: SystemDice().uuid(), secret: Hex.string(SystemDice().bytes(32)))])
        }
        try await pool.ensure(disks[0], from: .image(path: "a", format: "raw"))
        await #expect(throws: CloudError.self) {
            try await pool.ensure(disks[1], from: .image(path: "a", format: "raw"))
        }
        #expect(try await pool.layers() == [disks[0].layers[0].id])
        #expect(try await pool.space().free == 0)
    }

    private final class Stage: LayerStage {
        private let images = ImageShelf()
        private let layers: SimLayers
        var pool: any LayerPool { layers }
        var gibibyte: Int { layers.gibibyte }

        init() {
            let images = self.images
            layers = SimLayers(
                Mischief(dice: SeededDice(1), clock: SimClock()), gibibyte: 65_536,
                image: { path in images.all.withLock { $0[path] ?? [] } })
        }
        func write(_ bytes: [UInt8], at place: Int, to disk: LayeredDisk) async throws(CloudError) {
            try layers.write(bytes, at: place, to: disk)
        }
        func image(_ bytes: [UInt8]) async throws(CloudError) -> DiskSource {
            let path = SystemDice().uuid()
            images.all.withLock { $0[path] = bytes }
            return .image(path: path, format: "raw")
        }
    }

    private final class ImageShelf: Sendable {
        let all = Mutex<[String: [UInt8]]>([:])
    }
}
