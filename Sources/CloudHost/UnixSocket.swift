import CloudCore
import Glibc

/// Stream sockets in the file system.
public enum UnixSocket {
    /// Who called listen(2) at the other end, as the kernel says it: not as a file claims it.
    public struct Peer: Hashable, Sendable {
        /// The process that called it, which may have handed the socket on.
        public let pid: Int32
        /// Its user id.
        public let user: Int
    }

    /// A socket that listens at `path`, which only we may connect to, in place of any older one. It can be handed to
    /// a program about to start: whoever connects meanwhile waits in its queue, so nobody has to poll.
    public static func listen(_ path: String) throws(CloudError) -> Int32 {
        let file = try make(path)
        unlink(path)
        let bound = withAddress(path) { bind(file, $0, $1) }
        guard bound == 0, chmod(path, 0o600) == 0, Glibc.listen(file, 4) == 0 else {
            defer { close(file) }
            throw Files.failure("listen", path)
        }
        return file
    }

    /// A connected, non-blocking socket. Connecting to a unix socket never waits: it is taken into the queue or
    /// refused, so this needs no timeout.
    ///
    /// - Throws: `unavailable` where nobody listens.
    public static func dial(_ path: String) throws(CloudError) -> (file: Int32, peer: Peer) {
        let file = try make(path)
        guard withAddress(path, { connect(file, $0, $1) }) == 0 else {
            let why = String(cString: strerror(errno))
            close(file)
            throw .unavailable("service", "connect \(path): \(why)")
        }
        // struct ucred: pid, user, group.
        var who: [UInt32] = [0, 0, 0]
        var size = socklen_t(12)
        getsockopt(file, SOL_SOCKET, SO_PEERCRED, &who, &size)
        return (file, Peer(pid: Int32(bitPattern: who[0]), user: Int(who[1])))
    }

    /// Two sockets connected to each other, both non-blocking; neither has a name that anyone could find.
    public static func pair() throws(CloudError) -> (Int32, Int32) {
        var files: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &files) == 0 else { throw Files.failure("socketpair", "") }
        return (files[0], files[1])
    }

    /// Sends bytes with an open file of ours (SCM_RIGHTS, unix(7)), all or nothing, without waiting.
    ///
    /// - Throws: `unavailable` where the socket does not take all at once.
    static func send(_ bytes: [UInt8], with descriptor: Int32, over file: Int32) throws(CloudError) {
        // struct cmsghdr on 64 bits: its length with the data, level, type; then the data, padded to eight bytes.
        var control: (length: Int, level: Int32, type: Int32, file: Int32, padding: Int32) = (
            20, SOL_SOCKET, 1 /* SCM_RIGHTS */, descriptor, 0
        )
        var bytes = bytes
        let sent = bytes.withUnsafeMutableBytes { bytes in
            var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            return withUnsafeMutableBytes(of: &control) { control in
                withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    (message.msg_iov, message.msg_iovlen) = (part, 1)
                    (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
                    return sendmsg(file, &message, Int32(MSG_NOSIGNAL))
                }
            }
        }
        guard sent == bytes.count else {
            throw .unavailable(
                "service", "sendmsg: \(sent < 0 ? String(cString: strerror(errno)) : "only \(sent) bytes")")
        }
    }

    private static func make(_ path: String) throws(CloudError) -> Int32 {
        guard path.utf8.count < 108 else { throw .fault("\(path) is longer than a socket's path may be") }
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard file >= 0 else { throw Files.failure("socket", path) }
        return file
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
