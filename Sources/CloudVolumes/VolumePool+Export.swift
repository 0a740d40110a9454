import CloudCore
import CloudHost
import CloudStorage

/// Disks read out.
extension VolumePool {
    public func export(
        _ disk: LayeredDisk
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        _ = try disk.newest()
        let chain = try Chain(disk, in: self)
        let begun = Once<Result<NBDClient, CloudError>>()
        let done = Once<Bool>()
        let timeout = Tool.deadline(disk.size)
        let serving = [
            "--nbd-server", "addr.type=unix,addr.path=", "--export",
            "type=nbd,id=disk,name=disk,node-name=\(Chain.name(disk.layers.count - 1)),writable=off",
        ]
        Task { [exits] in
            do throws(CloudError) {
                try await exits.use { (place) async throws(CloudError) in
                    var serving = serving
                    serving[1] += place.socket
                    let daemon = StorageDaemon(chain, place: place, serving: serving, timeout: timeout)
                    do throws(CloudError) {
                        let client = try await daemon.connect { (path) async throws(CloudError) in
                            try await NBDClient(path, export: "disk")
                        }
                        begun.give(.success(client))
                        // Until nobody holds the bytes any more, or for as long as a copy may take.
                        _ = await done.value(within: timeout) { false }
                        client.close()
                    } catch { begun.give(.failure(error)) }
                    await daemon.end()
                }
            } catch { begun.give(.failure(error)) }
        }
        let result = await begun.value(within: patience) {
            .failure(.unavailable("storage pool", "too many disks are being read out"))
        }
        do throws(CloudError) {
            return DiskBytes(source: DiskBytes.Source(try result.get(), done), size: min(chain.size, disk.size.bytes))
        } catch {
            done.give(false)
            throw PoolError.of(error)
        }
    }
}

/// A disk's bytes in order, a mebibyte at a time; the daemon beneath ends when nobody holds this any more.
struct DiskBytes: AsyncSequence, Sendable {
    final class Source: Sendable {
        let client: NBDClient
        private let done: Once<Bool>
        init(_ client: NBDClient, _ done: Once<Bool>) { (self.client, self.done) = (client, done) }
        deinit { done.give(true) }
    }
    let source: Source
    let size: Int

    struct Iterator: AsyncIteratorProtocol {
        let source: Source
        let size: Int
        var place = 0
        mutating func next() async throws -> [UInt8]? {
            guard place < size else { return nil }
            let bytes = try await source.client.read(at: place, count: Swift.min(1 << 20, size - place))
            place += bytes.count
            return bytes
        }
    }
    func makeAsyncIterator() -> Iterator { Iterator(source: source, size: size) }
}
