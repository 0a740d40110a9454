import CloudCore
import CloudHost
import CloudImage
import CloudWire
import Crypto
import NIOCore
import _NIOFileSystem

/// Images as files of one directory, which only root enters.
public struct LocalImageFiles: ImageFiles {
    private let directory: String
    /// Ends the names of files that are still being received.
    private static let partial = ".part"

    public init(directory: String) throws(CloudError) {
        self.directory = directory
        try Files.ensureDirectory(directory, mode: 0o700)
        // What was being received when the last process ended is of no use.
        for name in try Files.names(in: directory) where name.hasSuffix(Self.partial) {
            try Files.remove(directory + "/" + name)
        }
    }

    public func path(_ image: ID<Image>) -> String { directory + "/" + image.text }

    public func receive(
        _ image: ID<Image>, _ stream: Request.Stream, limit: Int
    ) async throws(CloudError) -> Received {
        let path = path(image)
        do {
            let received = try await write(stream, to: path + Self.partial, limit: limit)
            try Files.rename(path + Self.partial, to: path)
            return received
        } catch {
            try? Files.remove(path + Self.partial)
            throw error as? CloudError
                ?? CloudError(.unavailable, "The bytes could not be received to their end.", detail: "\(error)")
        }
    }

    private func write(_ stream: Request.Stream, to path: String, limit: Int) async throws -> Received {
        var (md5, sha512, size) = (Insecure.MD5(), SHA512(), 0)
        try await FileSystem.shared.withFileHandle(
            forWritingAt: FilePath(path), options: .newFile(replaceExisting: true)
        ) { file in
            for try await chunk in stream {
                guard size + chunk.count <= limit else {
                    throw CloudError(.tooLarge, "The image is larger than \(limit) bytes.")
                }
                md5.update(data: chunk)
                sha512.update(data: chunk)
                try await file.write(contentsOf: chunk, toAbsoluteOffset: Int64(size))
                size += chunk.count
            }
            try await file.synchronize()
        }
        return Received(size: size, md5: Hex.string(md5.finalize()), sha512: Hex.string(sha512.finalize()))
    }

    public func bytes(_ image: ID<Image>, at place: Int, count: Int) async throws(CloudError) -> [UInt8] {
        do {
            return try await FileSystem.shared.withFileHandle(forReadingAt: FilePath(path(image))) { file in
                Array(buffer: try await file.readChunk(fromAbsoluteOffset: Int64(place), length: .bytes(Int64(count))))
            }
        } catch {
            throw .fault("image \(image) cannot be read: \(error)")
        }
    }

    public func remove(_ image: ID<Image>) async throws(CloudError) { try Files.remove(path(image)) }

    public func all() async throws(CloudError) -> Set<ID<Image>> {
        Set(try Files.names(in: directory).filter { !$0.hasSuffix(Self.partial) }.map { ID<Image>($0) })
    }
}
