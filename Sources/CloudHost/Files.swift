import CloudCore
import Glibc

/// Small files and directories, through system calls, with the path and the reason in every error.
public enum Files {
    /// The error of the system call that just failed, for the operator.
    public static func failure(_ what: String, _ path: String) -> CloudError {
        let code = errno
        return .fault("\(what) \(path): \(String(cString: strerror(code)))")
    }

    /// Whether a path leads to anything.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What lstat(2) says; nil where there is nothing.
    public static func status(_ path: String) -> stat? {
        var info = stat()
        return lstat(path, &info) == 0 ? info : nil
    }

    /// Makes one directory if it is missing, and sets its mode and owner either way.
    public static func ensureDirectory(
        _ path: String, mode: mode_t, user: Int = 0, group: Int = 0
    ) throws(CloudError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("mkdir", path) }
        guard chown(path, uid_t(user), gid_t(group)) == 0 else { throw failure("chown", path) }
        guard chmod(path, mode) == 0 else { throw failure("chmod", path) }
    }

    /// The whole file; nil where there is none, `fault` where it is larger than `limit` bytes.
    public static func read(_ path: String, limit: Int = 1 << 20) throws(CloudError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(file) }
        var out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return out }
            out.append(contentsOf: chunk[..<count])
            guard out.count <= limit else { throw .fault("\(path) is larger than \(limit) bytes") }
        }
    }

    /// The whole file as text without white space at either end; nil where it cannot be read.
    public static func line(_ path: String) -> String? {
        guard let bytes = try? read(path, limit: 65_536) else { return nil }
        var rest = bytes[...]
        while let last = rest.last, last <= 0x20 { rest.removeLast() }
        while let first = rest.first, first <= 0x20 { rest.removeFirst() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// Replaces the file in one step: a crash leaves the old one or the new one. `sync` makes it outlast a power cut.
    public static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o600, user: Int = 0, group: Int = 0, sync: Bool = false
    ) throws(CloudError) {
        let part = path + ".part"
        unlink(part)
        let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("create", part) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("write", part) }
            done += count
        }
        guard fchown(file, uid_t(user), gid_t(group)) == 0 else { throw failure("chown", part) }
        guard fchmod(file, mode) == 0 else { throw failure("chmod", part) }
        if sync, fsync(file) != 0 { throw failure("fsync", part) }
        try rename(part, to: path)
    }

    /// Moves within one file system, in one step, over whatever is there.
    public static func rename(_ from: String, to path: String) throws(CloudError) {
        guard Glibc.rename(from, path) == 0 else { throw failure("rename \(from) to", path) }
    }

    /// The names in a directory, without `.` and `..`; none where there is no directory.
    public static func names(in path: String) throws(CloudError) -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return [] }
            throw failure("opendir", path)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Erases a file or a directory with all in it, without following links. Done where there is nothing.
    public static func remove(_ path: String) throws(CloudError) {
        guard let info = status(path) else { return }
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in try names(in: path) { try remove(path + "/" + name) }
            guard rmdir(path) == 0 || errno == ENOENT else { throw failure("rmdir", path) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink", path) }
        }
    }

    /// Gives the disk back a range of a file, which then reads as zeros; the file keeps its size, and a program that
    /// appends to it is not disturbed.
    public static func punch(_ path: String, from: Int, to end: Int) throws(CloudError) {
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard CLibrary.fallocate(file, 3, off_t(from), off_t(end - from)) == 0 else { throw failure("punch", path) }
    }
}

extension Files {
    /// Sets a file's permission bits.
    public static func setMode(_ path: String, _ mode: mode_t) throws(CloudError) {
        guard chmod(path, mode) == 0 else { throw failure("chmod", path) }
    }

    /// Writes into a file of the kernel, which cannot be replaced.
    public static func overwrite(_ path: String, _ text: String) throws(CloudError) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard Glibc.write(file, text, text.utf8.count) == text.utf8.count else { throw failure("write", path) }
    }
}

extension Files {
    /// A second name for a file that nobody changes any more, readable for all: so it belongs in a directory that few
    /// can enter. The mode is the first name's too.
    public static func share(_ file: String, as path: String) async throws(CloudError) {
        try remove(path)
        if link(file, path) != 0 {
            // Another file system, or too many links: then it is a copy.
            guard errno == EXDEV || errno == EMLINK || errno == EPERM else {
                throw failure("link \(file) to", path)
            }
            try await Command.run(
                ["cp", "--reflink=auto", "--sparse=always", "--", file, path], timeout: .seconds(1800))
        }
        try setMode(path, 0o444)
    }
}
