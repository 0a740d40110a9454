import CloudCore
import CloudWire

/// What was received: facts about bytes, none of them the sender's word.
public struct Received: Hashable, Sendable {
    /// Bytes.
    public var size: Int
    /// In hexadecimal.
    public var md5: String
    public var sha512: String
    /// The first bytes, at most `ImageFormat.headLength`.
    public var head: [UInt8]
    public init(size: Int, md5: String, sha512: String, head: [UInt8]) {
        (self.size, self.md5, self.sha512, self.head) = (size, md5, sha512, head)
    }
}

/// Keeps the bytes of images.
public protocol ImageFiles: Sendable {
    /// Writes a stream under the image's id, in constant memory; nothing is kept if it fails. `tooLarge` beyond `limit`.
    func receive(_ image: ID<Image>, _ stream: Request.Stream, limit: Int) async throws(CloudError) -> Received
    /// Where the bytes are on this machine.
    func path(_ image: ID<Image>) -> String
    func remove(_ image: ID<Image>) async throws(CloudError)
    /// Every image of which there are bytes.
    func all() async throws(CloudError) -> Set<ID<Image>>
}
