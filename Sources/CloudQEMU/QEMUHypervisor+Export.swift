import CloudCompute
import CloudCore
import CloudHost
import Glibc

/// Copies of disks.
extension QEMUHypervisor {
    public func exportDisk(
        of guest: ID<Server>, on host: HostName
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try check(host, guest)
        return try await locks.run(guest) { () async throws(CloudError) in
            let paths = GuestPaths(guest, dirs)
            guard let info = Files.status(paths.disk) else { throw .missing("Server", guest.text) }
            let running = try await connection(guest)
            let status = try await running?.act.execute("query-status")["status"]
            let wasRunning = status == "running"
            if wasRunning { try await running?.act.execute("stop") }
            do throws(CloudError) {
                let bytes = try await copy(paths, uid: Int(info.st_uid))
                if wasRunning { _ = try? await running?.act.execute("cont") }
                return bytes
            } catch {
                if wasRunning { _ = try? await running?.act.execute("cont") }
                throw error
            }
        }
    }

    /// The tool runs as the guest's own user, who owns the disk and may read the image below it; formats are said, and
    /// the header it reads was written by us: a guest's writes never reach it.
    private func copy(_ paths: GuestPaths, uid: Int) async throws(CloudError) -> FileBytes {
        let target = paths.directory + "/export"
        try Files.remove(target)
        try Files.write([], to: target, user: uid, group: uid)
        defer { try? Files.remove(target) }
        try await Command.run(
            ["qemu-img", "convert", "-U", "-f", "qcow2", "-O", "qcow2", paths.disk, target], as: Confined(user: uid),
            timeout: .seconds(120))
        // Held open, it can be read after its name is gone, and nothing of it is left when the reader is done.
        let file = open(target, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", target) }
        return FileBytes(file: FileBytes.Handle(file))
    }
}

/// A file's bytes in order, a mebibyte at a time; the file is closed when nobody holds this any more.
struct FileBytes: AsyncSequence, Sendable {
    final class Handle: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }
    let file: Handle

    struct Iterator: AsyncIteratorProtocol {
        let file: Handle
        var place = 0
        mutating func next() async throws -> [UInt8]? {
            let from = place
            let file = self.file
            let bytes = try [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                let got = pread(file.descriptor, buffer.baseAddress, 1 << 20, from)
                guard got >= 0 else { throw CloudError.fault("a disk's copy cannot be read: errno \(errno)") }
                count = got
            }
            place += bytes.count
            return bytes.isEmpty ? nil : bytes
        }
    }
    func makeAsyncIterator() -> Iterator { Iterator(file: file) }
}
