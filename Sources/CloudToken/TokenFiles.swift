import CloudCore
import CloudHost
import Glibc

/// The files in which a token of software keeps its objects, one a key.
///
/// Such libraries leave it to the system when files reach the disk, and to the disk what becomes of them. But a key that
/// sealed something must be there after a power cut, and one that was destroyed must not be found among free blocks.
struct TokenFiles {
    let directory: String

    /// Where files that may be about to go have a second name.
    private var held: String { directory + ".held" }

    /// Writes through the object that changed last, or all of them.
    func sync(all: Bool = false) throws(CloudError) {
        try eachToken { (token) throws(CloudError) in
            let files = try Self.objects(token).compactMap { path in
                Files.status(path).map { (path, $0.st_mtim.tv_sec * 1000 + $0.st_mtim.tv_nsec / 1_000_000) }
            }
            // The system's clock for files ticks every few milliseconds.
            let last = (files.map(\.1).max() ?? 0) - 20
            for (path, time) in files where all || time >= last { try Self.sync(path) }
            try Self.sync(token)
        }
        if all { try Self.sync(directory) }
    }

    /// Gives every object's file a second name, since nothing tells which of them a key is.
    func hold() throws(CloudError) {
        try sweep()
        try Files.ensureDirectory(held, mode: 0o700)
        var number = 0
        try eachToken { (token) throws(CloudError) in
            for path in try Self.objects(token) {
                number += 1
                guard link(path, "\(held)/\(number)") == 0 else { throw Files.failure("link", path) }
            }
        }
    }

    /// Overwrites the files that have lost their first name, and takes the second from all. A crash leaves them to the
    /// next time.
    func sweep() throws(CloudError) {
        guard Files.status(held) != nil else { return }
        for name in try Files.names(in: held) {
            let path = held + "/" + name
            if let info = Files.status(path), info.st_nlink == 1 {
                let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
                guard file >= 0 else { throw Files.failure("open", path) }
                defer { close(file) }
                let noise = SystemDice().bytes(Int(info.st_size))
                guard pwrite(file, noise, noise.count, 0) == noise.count, fsync(file) == 0 else {
                    throw Files.failure("overwrite", path)
                }
            }
            guard unlink(path) == 0 else { throw Files.failure("unlink", path) }
        }
        try Files.remove(held)
        try eachToken { (token) throws(CloudError) in try Self.sync(token) }
    }

    /// Removes files in which a process that was killed had only begun to make a key, a minute ago or earlier.
    func removeEmpty() throws(CloudError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        try eachToken { (token) throws(CloudError) in
            for path in try Self.objects(token) {
                guard let info = Files.status(path), info.st_size == 0, info.st_mtim.tv_sec < now.tv_sec - 60 else {
                    continue
                }
                for file in [path, path.dropLast(7) + ".lock"] { try Files.remove(String(file)) }
            }
        }
    }

    private func eachToken(_ body: (String) throws(CloudError) -> Void) throws(CloudError) {
        for name in try Files.names(in: directory) {
            let token = directory + "/" + name
            if Files.status(token).map({ $0.st_mode & S_IFMT == S_IFDIR }) == true { try body(token) }
        }
    }

    private static func objects(_ token: String) throws(CloudError) -> [String] {
        try Files.names(in: token).filter { $0.hasSuffix(".object") }.map { token + "/" + $0 }
    }

    /// Writes one file or directory through. Done where it is gone.
    static func sync(_ path: String) throws(CloudError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw Files.failure("open", path)
        }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Files.failure("fsync", path) }
    }
}
