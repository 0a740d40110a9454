import CloudCore
import CloudHost
import Glibc

/// What is on disk of one layer: a qcow2 header, the LUKS header at its fixed place, and ciphertext.
///
/// Whoever owns the file may write it, whoever is in its group may read it.
enum LayerFile {
    static let mode: mode_t = 0o640
    /// Bytes of a LUKS1 header for a key of 512 bits, with its eight key slots.
    static let luksLength = 2 << 20
    /// Where the keys end: what comes before is overwritten before a file goes.
    static let keysEnd = Qcow2.luksPlace + luksLength

    /// A file of this user's, which nobody else can open yet.
    static func make(_ bytes: [UInt8], at path: String, user: Int) throws(CloudError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Files.failure("create", path) }
        defer { close(file) }
        try write(bytes, to: file, path)
        guard fchown(file, uid_t(user), gid_t(user)) == 0 else { throw Files.failure("chown", path) }
    }

    /// Gives a finished file its owner and its name, so that neither a crash nor a power cut leaves half of it there.
    static func install(_ part: String, as path: String, group: Int) throws(CloudError) {
        let file = open(part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw Files.failure("open", part) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Files.failure("fsync", part) }
        guard fchown(file, 0, gid_t(group)) == 0, fchmod(file, mode) == 0 else { throw Files.failure("chown", part) }
        try Files.rename(part, to: path)
        try sync(directoryOf: path)
    }

    /// Overwrites all that could hold a key with random bytes, waits until they are on disk, and removes the file. Done
    /// where there is none.
    static func erase(_ path: String) throws(CloudError) {
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if file >= 0 {
            defer { close(file) }
            var info = stat()
            guard fstat(file, &info) == 0 else { throw Files.failure("stat", path) }
            if info.st_mode & S_IFMT == S_IFREG {
                try write(try random(min(Int(info.st_size), keysEnd)), to: file, path)
                guard fsync(file) == 0 else { throw Files.failure("fsync", path) }
            }
        } else if ![ENOENT, ELOOP, ENXIO, EISDIR].contains(errno) {
            // A link, a pipe or a directory holds no key; whatever else cannot be opened may.
            throw Files.failure("open", path)
        }
        try Files.remove(path)
        try sync(directoryOf: path)
    }

    /// The size in bytes of the disk in it, read from its header.
    ///
    /// - Throws: `fault` where it is not such a file as we make: whoever had it open has changed what only we write.
    static func size(_ path: String) throws(CloudError) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw Files.failure("open", path) }
        defer { close(file) }
        var head = [UInt8](repeating: 0, count: 104)
        guard pread(file, &head, head.count, 0) == head.count else { throw .fault("\(path) is too short") }
        func number(_ place: Int, _ width: Int) -> Int { head[place..<place + width].reduce(0) { $0 << 8 | Int($1) } }
        // Version 3, no name of a backing file, LUKS; "dirty" and "corrupt" are the only features QEMU may have set.
        // Another, at bit 2, would have it open a file that the header names.
        guard head.starts(with: [0x51, 0x46, 0x49, 0xfb]), number(4, 4) == 3, number(16, 4) == 0, number(32, 4) == 2,
            number(72, 8) & ~3 == 0
        else { throw .fault("\(path) has a header that we did not write") }
        return number(24, 8)
    }

    /// Random bytes, many at a time.
    static func random(_ count: Int) throws(CloudError) -> [UInt8] {
        let source = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw Files.failure("open", "/dev/urandom") }
        defer { close(source) }
        var out = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = out.withUnsafeMutableBytes { read(source, $0.baseAddress! + done, count - done) }
            guard got > 0 else { throw Files.failure("read", "/dev/urandom") }
            done += got
        }
        return out
    }

    private static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(CloudError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Files.failure("write", path) }
            done += count
        }
    }

    private static func sync(directoryOf path: String) throws(CloudError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", directory) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Files.failure("fsync", directory) }
    }
}
