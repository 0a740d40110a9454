import CloudCore
import CloudWire

/// What was received: facts about bytes, none of them the sender's word.
public struct Received: Hashable, Sendable {
    /// Bytes.
    public var size: Int
    /// In hexadecimal.
    public var md5: String
    public var sha512: String
    public init(size: Int, md5: String, sha512: String) {
        (self.size, self.md5, self.sha512) = (size, md5, sha512)
    }
}

/// Keeps the bytes of images.
public protocol ImageFiles: Sendable {
    /// Writes a stream under the image's id, in constant memory; nothing is kept if it fails. `tooLarge` beyond `limit`.
    func receive(_ image: ID<Image>, _ stream: Request.Stream, limit: Int) async throws(CloudError) -> Received
    /// Some of the bytes that were received: `count` from `place` on, or fewer where they end.
    func bytes(_ image: ID<Image>, at place: Int, count: Int) async throws(CloudError) -> [UInt8]
    /// Where the bytes are on this machine.
    func path(_ image: ID<Image>) -> String
    func remove(_ image: ID<Image>) async throws(CloudError)
    /// Every image of which there are bytes.
    func all() async throws(CloudError) -> Set<ID<Image>>
}

extension ImageFiles {
    /// The size of the disk that a received image describes, in bytes; `invalid` where it is not of the format.
    func judge(_ image: ID<Image>, _ received: Received, as format: ImageFormat) async throws(CloudError) -> Int {
        try await format.virtualSize(
            of: ImageBytes(length: received.size) { (place, count) async throws(CloudError) in
                try await bytes(image, at: place, count: count)
            })
    }
}
