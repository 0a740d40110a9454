import CloudCore
import CloudImage
import CloudWire
import Synchronization

/// Images' bytes, in memory.
public final class SimImageFiles: ImageFiles {
    private let mischief: Mischief
    private let kept = Mutex<[ID<Image>: [UInt8]]>([:])

    public init(_ mischief: Mischief) { self.mischief = mischief }

    public func receive(_ image: ID<Image>, _ stream: Request.Stream, limit: Int) async throws(CloudError) -> Received {
        var bytes: [UInt8] = []
        do {
            for try await chunk in stream {
                guard bytes.count + chunk.count <= limit else {
                    throw CloudError(.tooLarge, "The image is larger than \(limit) bytes.")
                }
                bytes += chunk
            }
        } catch let error as CloudError { throw error } catch {
            throw .invalid("The bytes could not be read to their end.")
        }
        let all = bytes
        return try await mischief.effect("receive \(image)") { () throws(CloudError) in
            kept.withLock { $0[image] = all }
            return Received(size: all.count, md5: ToyDigest.hex(all, 2), sha512: ToyDigest.hex(all, 8))
        }
    }

    public func bytes(_ image: ID<Image>, at place: Int, count: Int) async throws(CloudError) -> [UInt8] {
        try await mischief.effect("read \(count) bytes of \(image)") { () throws(CloudError) in
            guard let all = kept.withLock({ $0[image] }) else { throw .missing(Image.kind.title, image.text) }
            return Array(all.dropFirst(place).prefix(count))
        }
    }

    public func path(_ image: ID<Image>) -> String { "simulated/" + image.text }

    public func remove(_ image: ID<Image>) async throws(CloudError) {
        try await mischief.effect("remove file \(image)") { () throws(CloudError) in
            kept.withLock { $0[image] = nil }
        }
    }

    public func all() async throws(CloudError) -> Set<ID<Image>> {
        try await mischief.effect("list files") { () throws(CloudError) in kept.withLock { Set($0.keys) } }
    }

    /// How many bytes there are of each image, for checks.
    public var sizes: [ID<Image>: Int] { kept.withLock { $0.mapValues(\.count) } }
}
