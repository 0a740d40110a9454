import CloudCore
import CloudHost
import Synchronization

/// Reads from a server of the Network Block Device protocol (doc/proto.md of its project): the fixed newstyle
/// handshake and simple replies.
final class NBDClient: Sendable {
    private let stream: ByteStream
    private let turn = KeyedLock<Int>()

    /// Connects to the socket at `path` and asks for an export by its name.
    init(_ path: String, export name: String) async throws(CloudError) {
        stream = try await ByteStream.adopt(try UnixSocket.dial(path).file)
        let greeting = try await take(18)
        guard greeting.starts(with: Array("NBDMAGICIHAVEOPT".utf8)) else {
            throw Self.fault("greets as no server does")
        }
        // Fixed newstyle, and no padding after the answer. Then: I have an option, the export's name.
        try await stream.write(
            Self.big(3, 4) + Array("IHAVEOPT".utf8) + Self.big(1, 4) + Self.big(name.utf8.count, 4) + Array(name.utf8))
        // The size and flags.
        _ = try await take(10)
    }

    deinit { stream.close() }

    func close() { stream.close() }

    /// So many bytes from a place on; calls follow one another.
    func read(at place: Int, count: Int) async throws(CloudError) -> [UInt8] {
        try await turn.run(0) { () async throws(CloudError) in
            // Magic, no flags, read; a number that comes back; place and length.
            try await stream.write(
                Self.big(0x2560_9513, 4) + Self.big(0, 4) + Self.big(place, 8) + Self.big(place, 8)
                    + Self.big(count, 4))
            let head = try await take(16)
            guard head.starts(with: Self.big(0x6744_6698, 4)), head[8...].elementsEqual(Self.big(place, 8)) else {
                throw Self.fault("answers something else")
            }
            guard head[4..<8].allSatisfy({ $0 == 0 }) else { throw Self.fault("cannot read: error \(head[4..<8])") }
            return try await take(count)
        }
    }

    private let rest = Mutex<[UInt8]>([])

    /// Exactly so many bytes.
    private func take(_ count: Int) async throws(CloudError) -> [UInt8] {
        var out = rest.withLock { $0 }
        out.reserveCapacity(count)
        while out.count < count {
            guard let more = try await stream.read() else {
                throw .unavailable("storage pool", "the disk's reader ended early")
            }
            out += more
        }
        let surplus = Array(out[count...])
        rest.withLock { $0 = surplus }
        out.removeLast(out.count - count)
        return out
    }

    private static func fault(_ what: String) -> CloudError { .fault("an NBD server " + what) }

    private static func big(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> ((width - 1 - $0) * 8)) }
    }
}
