import CloudCore
import CloudHost
import CloudStorage

/// Changes of a disk that nobody has open. QEMU locks the files it has open, so where somebody has, these are refused.
extension VolumePool {
    public func ensureSize(_ disk: LayeredDisk) async throws(CloudError) {
        let newest = try disk.newest()
        try await inPool(newest) { () async throws(CloudError) in
            let chain = try Chain(disk, in: self)
            guard chain.size < disk.size.bytes else { return }
            try await self.places.use { (place) async throws(CloudError) in
                try await self.lend(newest.id, to: place.user) { () async throws(CloudError) in
                    _ = try await Tool(place: place, groups: chain.groups).run(
                        ["qemu-img", "resize"] + chain.keys.options
                            + [chain.argument(readOnly: false), String(disk.size.bytes)],
                        input: chain.keys.input, timeout: .seconds(300))
                }
            }
        }
    }

    public func ensureMerged(_ layer: String, of disk: LayeredDisk) async throws(CloudError) {
        _ = try disk.newest()
        let above = try disk.above(layer)
        // What lies above the two is not needed for this.
        let lower = LayeredDisk(size: disk.size, layers: Array(disk.layers[...above]))
        let target = disk.layers[above]
        try await inPool(target) { () async throws(CloudError) in
            let chain = try Chain(lower, in: self)
            try await self.places.use { (work) async throws(CloudError) in
                try await self.lend(target.id, to: work.user) { () async throws(CloudError) in
                    let timeout = Tool.deadline(disk.size)
                    try await StorageDaemon(chain, place: work, timeout: timeout)
                        .merge(into: above, timeout: timeout)
                }
            }
        }
    }
}
