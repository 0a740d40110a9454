import CloudCore
import CloudStorage

extension LayerPoolContract {
    static let contentCases: [Case] = [
        Case("a new disk is zeroes, of its size, and listed") { (bench) throws(CloudError) in
            let disk = bench.disk(2)
            try await bench.pool.ensure(disk, from: nil)
            try await bench.expect(disk, holds: .init(size: 2 * bench.gibibyte), "zeroes")
            let found = try await bench.pool.layers()
            try bench.expect(found == Set(disk.layers.map(\.id)), "the layer is listed")
            let space = try await bench.pool.space()
            try bench.expect(space.total >= space.free && space.free >= 0 && space.total > 0, "\(space)")
        },
        Case("what is written is read, and making the disk again keeps it") { (bench) throws(CloudError) in
            let (disk, content) = try await bench.written([(1, 0, 4096), (2, bench.gibibyte - 8192, 8192)])
            try await bench.pool.ensure(disk, from: nil)
            try await bench.expect(disk, holds: content, "both ends")
            try await bench.expect(disk, holds: content, "read again")
        },
        Case("an image's bytes are the disk's first, and zeroes follow") { (bench) throws(CloudError) in
            let bytes = [UInt8](repeating: 0xa5, count: 8192) + [UInt8](repeating: 0, count: 4096) + Array("end".utf8)
            let image = try await bench.stage.image(bytes + [UInt8](repeating: 0, count: 509))
            let disk = bench.disk()
            try await bench.pool.ensure(disk, from: image)
            var content = LayerBench.Content(size: bench.gibibyte)
            content.write(bytes, at: 0)
            try await bench.expect(disk, holds: content, "the image's bytes")
            // What is there is not made anew.
            try await bench.stage.write([UInt8](repeating: 9, count: 4096), at: 0, to: disk)
            content.write([UInt8](repeating: 9, count: 4096), at: 0)
            try await bench.pool.ensure(disk, from: image)
            try await bench.expect(disk, holds: content, "the guest's bytes")
        },
        Case("a copy holds what its source holds, and lives without it") { (bench) throws(CloudError) in
            let lower = try await bench.written([(1, 0, 8192)])
            let (disk, content) = try await bench.written(size: 2, over: lower, [(2, 4096, 4096)])
            let copy = bench.disk(3)
            try await bench.pool.ensure(copy, from: .disk(disk))
            for layer in disk.layers { try await bench.pool.remove(layer.id) }
            var expected = content
            expected.size = 3 * bench.gibibyte
            try await bench.expect(copy, holds: expected, "a copy of two layers")
        },
        Case("a disk grows, keeps what it has and never shrinks") { (bench) throws(CloudError) in
            var (disk, content) = try await bench.written([(1, 0, 4096)])
            disk.size = Gibibytes(3)
            for _ in 0..<2 { try await bench.pool.ensureSize(disk) }
            content.size = 3 * bench.gibibyte
            try await bench.expect(disk, holds: content, "grown")
            var small = disk
            small.size = Gibibytes(1)
            try await bench.pool.ensureSize(small)
            try await bench.expect(disk, holds: content, "still as large")
        },
        Case("a layer that is removed is gone, and removing it again is harmless") { (bench) throws(CloudError) in
            let (disk, _) = try await bench.written([(1, 0, 4096)])
            for _ in 0..<2 { try await bench.pool.remove(disk.layers[0].id) }
            let left = try await bench.pool.layers()
            try bench.expect(left.isEmpty, "\(left)")
            try await bench.refuse(.missing, "reading it") { () async throws(CloudError) in
                _ = try await bench.read(disk)
            }
            try await bench.pool.ensure(disk, from: nil)
            try await bench.expect(disk, holds: .init(size: bench.gibibyte), "made anew, it is empty")
        },
    ]

    static let chainCases: [Case] = [
        Case("a layer hides what is below it where it was written, and changes nothing there") {
            (bench) throws(CloudError) in
            let lower = try await bench.written([(1, 0, 12288)])
            let upper = try await bench.written(over: lower, [(2, 4096, 4096), (0, 8192, 4096)])
            try await bench.expect(upper.0, holds: upper.1, "the upper")
            try await bench.expect(lower.0, holds: lower.1, "the lower")
        },
        Case("three layers of growing size read as one disk") { (bench) throws(CloudError) in
            let first = try await bench.written([(1, 0, 16384), (7, bench.gibibyte - 4096, 4096)])
            let second = try await bench.written(size: 2, over: first, [(2, 4096, 4096), (8, bench.gibibyte, 4096)])
            let third = try await bench.written(size: 3, over: second, [(3, 8192, 4096)])
            try await bench.expect(third.0, holds: third.1, "all three")
        },
        Case("merging a layer up keeps what is read, and then it may go") { (bench) throws(CloudError) in
            let first = try await bench.written([(1, 0, 12288), (5, 16384, 8192)])
            let second = try await bench.written(over: first, [(2, 4096, 4096), (0, 16384, 4096)])
            let third = try await bench.written(over: second, [(3, 8192, 4096)])
            var (disk, content) = third
            for place in [1, 0] {
                for _ in 0..<2 { try await bench.pool.ensureMerged(disk.layers[place].id, of: disk) }
                try await bench.expect(disk, holds: content, "merged, with the lower still beneath")
                try await bench.pool.remove(disk.layers.remove(at: place).id)
                try await bench.expect(disk, holds: content, "without the lower")
            }
            try bench.expect(disk.layers.count == 1, "one is left")
            try await bench.stage.write([UInt8](repeating: 4, count: 4096), at: 0, to: disk)
            content.write([UInt8](repeating: 4, count: 4096), at: 0)
            try await bench.expect(disk, holds: content, "written after")
        },
        Case("merging beneath the newest leaves the newest as it is") { (bench) throws(CloudError) in
            let first = try await bench.written([(1, 0, 8192)])
            let second = try await bench.written(over: first, [(2, 4096, 8192)])
            let third = try await bench.written(over: second, [(3, 8192, 8192)])
            try await bench.pool.ensureMerged(first.0.layers[0].id, of: third.0)
            try await bench.pool.remove(first.0.layers[0].id)
            let rest = LayeredDisk(size: third.0.size, layers: Array(third.0.layers.dropFirst()))
            try await bench.expect(rest, holds: third.1, "all of it")
            let middle = LayeredDisk(size: second.0.size, layers: Array(second.0.layers.dropFirst()))
            try await bench.expect(middle, holds: second.1, "what a snapshot of the middle shows")
        },
    ]

    static let boundCases: [Case] = [
        Case("another's secret opens nothing") { (bench) throws(CloudError) in
            let (disk, content) = try await bench.written([(1, 0, 4096)])
            var wrong = disk
            wrong.layers[0].secret = bench.layer().secret
            let stranger = wrong
            try await bench.refuse(.invalid, "reading") { () async throws(CloudError) in
                _ = try await bench.read(stranger)
            }
            try await bench.refuse(.invalid, "copying") { () async throws(CloudError) in
                try await bench.pool.ensure(bench.disk(), from: .disk(stranger))
            }
            wrong.size = Gibibytes(2)
            let larger = wrong
            try await bench.refuse(.invalid, "growing") { () async throws(CloudError) in
                try await bench.pool.ensureSize(larger)
            }
            try await bench.expect(disk, holds: content, "untouched")
        },
        Case("a disk smaller than its source is refused, and nothing is left of it") { (bench) throws(CloudError) in
            let (disk, _) = try await bench.written(size: 2, [(1, 0, 4096)])
            let image = try await bench.stage.image([UInt8](repeating: 1, count: bench.gibibyte + 4096))
            for source in [DiskSource.disk(disk), image] {
                try await bench.refuse(.invalid, "\(source)") { () async throws(CloudError) in
                    try await bench.pool.ensure(bench.disk(1), from: source)
                }
            }
        },
        Case("layers that are missing are said to be") { (bench) throws(CloudError) in
            let (disk, _) = try await bench.written([])
            let lost = bench.disk()
            let over = LayeredDisk(size: Gibibytes(1), layers: lost.layers + disk.layers)
            let pool = bench.pool
            try await bench.refuse(.missing, "over it") { () async throws(CloudError) in
                try await pool.ensure(bench.disk(over: lost), from: nil)
            }
            try await bench.refuse(.missing, "from it") { () async throws(CloudError) in
                try await pool.ensure(bench.disk(), from: .disk(lost))
            }
            try await bench.refuse(.missing, "grown") { () async throws(CloudError) in try await pool.ensureSize(lost) }
            try await bench.refuse(.missing, "merged") { () async throws(CloudError) in
                try await pool.ensureMerged(lost.layers[0].id, of: over)
            }
        },
        Case("what no disk is, is refused") { (bench) throws(CloudError) in
            let good = bench.disk()
            let secret = good.layers[0].secret
            let pool = bench.pool
            for id in ["", "..", "../" + good.layers[0].id, "/etc/passwd", good.layers[0].id.uppercased(), "a\n"] {
                let bad = LayeredDisk(size: good.size, layers: [Layer(id: id, secret: secret)])
                try await bench.refuse(.invalid, "id \(id)") { () async throws(CloudError) in
                    try await pool.ensure(bad, from: nil)
                }
                try await bench.refuse(.invalid, "removing \(id)") { () async throws(CloudError) in
                    try await pool.remove(id)
                }
            }
            var disks = [
                LayeredDisk(size: good.size, layers: []), LayeredDisk(size: Gibibytes(0), layers: good.layers),
                LayeredDisk(size: Gibibytes(65_537), layers: good.layers),
                LayeredDisk(size: good.size, layers: good.layers + good.layers),
                LayeredDisk(size: good.size, layers: (0...64).map { _ in bench.layer() }),
            ]
            for bad in ["", "x", String(secret.dropLast()) + "\n", secret + "0", secret.uppercased() + ","] {
                disks.append(LayeredDisk(size: good.size, layers: [Layer(id: good.layers[0].id, secret: bad)]))
            }
            for bad in disks {
                try await bench.refuse(.invalid, "\(bad)") { () async throws(CloudError) in
                    try await pool.ensure(bad, from: nil)
                }
            }
        },
        Case("layers are merged only where one is above") { (bench) throws(CloudError) in
            let (disk, content) = try await bench.written([(1, 0, 4096)])
            for layer in [disk.layers[0].id, bench.layer().id, "x"] {
                try await bench.refuse(.invalid, layer) { () async throws(CloudError) in
                    try await bench.pool.ensureMerged(layer, of: disk)
                }
            }
            try await bench.refuse(.invalid, "a source over layers") { () async throws(CloudError) in
                try await bench.pool.ensure(bench.disk(over: disk), from: .disk(disk))
            }
            try await bench.refuse(.invalid, "itself") { () async throws(CloudError) in
                try await bench.pool.ensure(disk, from: .disk(disk))
            }
            try await bench.expect(disk, holds: content, "untouched")
        },
    ]
}
