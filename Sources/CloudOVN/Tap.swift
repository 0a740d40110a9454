import CloudCore
import CloudHost
import Glibc

/// Network devices of the namespace that the calling thread is in.
enum Tap {
    /// Lets any user open the device that makes taps; a tap still opens only for its owner. It is what udev does.
    ///
    /// - Returns: whether it was not so before.
    static func openForAll() throws(CloudError) -> Bool {
        guard let info = Files.status(device) else {
            throw .unavailable("network", "there is no \(device): load the kernel's tun module")
        }
        if info.st_mode & 0o666 == 0o666 { return false }
        guard chmod(device, 0o666) == 0 else { throw Files.failure("chmod", device) }
        return true
    }

    /// What the operator should know of it before guests are started.
    static var fact: String {
        guard let info = Files.status(device) else {
            return "There is no \(device): guests can have no network until the kernel's tun module is loaded."
        }
        return info.st_mode & 0o666 == 0o666
            ? "Guests' users may open \(device)."
            : "\(device) is root's alone; the start opens it for all users, as udev does. "
                + "A tap opens for its guest's user only."
    }

    /// Makes a tap that outlives us, or takes the one there is, for a user; brings it up.
    static func ensure(_ name: String, uid: Int, mtu: Int) throws(CloudError) {
        let file = open(device, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", device) }
        defer { close(file) }
        // TUNSETIFF with IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, TUNSETOWNER, TUNSETPERSIST. TUNSETIFF says "busy" while a
        // guest has it open; then its owner must be right already, or the guest could not.
        guard Request(name, short: 0x5002).ask(file, 0x4004_54ca) != nil else {
            throw Files.failure("make tap", name)
        }
        guard ioctl(file, 0x4004_54cc, CInt(uid)) == 0 else { throw Files.failure("own tap", name) }
        guard ioctl(file, 0x4004_54cb, CInt(1)) == 0 else { throw Files.failure("keep tap", name) }
        try closeToRouters(name)
        try bringUp(name, mtu: mtu)
    }

    /// Opens a tap that is there as its guest would, and returns the file: each frame follows ten bytes of a
    /// virtio_net_hdr, and reading does not wait.
    static func attach(_ name: String) throws(CloudError) -> Int32 {
        // The kernel would make a new one of that name.
        guard try index(name) != nil else { throw .unavailable("network", "there is no device \(name)") }
        let file = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", device) }
        guard Request(name, short: 0x5002).ask(file, 0x4004_54ca) != nil else {
            let failure = Files.failure("attach", name)
            close(file)
            throw failure
        }
        return file
    }

    static func bringUp(_ name: String, mtu: Int) throws(CloudError) {
        try withSocket { socket throws(CloudError) in
            guard Request(name, int: Int32(mtu)).ask(socket, 0x8922 /* SIOCSIFMTU */) != nil,
                Request(name, short: 1 /* IFF_UP */).ask(socket, 0x8914 /* SIOCSIFFLAGS */) != nil
            else { throw Files.failure("bring up", name) }
        }
    }

    /// The device's MTU; nil where there is no such device.
    static func mtu(_ name: String) throws(CloudError) -> Int? {
        try withSocket { socket throws(CloudError) in
            Request(name).ask(socket, 0x8921 /* SIOCGIFMTU */).map(Int.init)
        }
    }

    /// Deletes a device, whoever has it open. Done where there is none.
    static func remove(_ name: String) throws(CloudError) {
        guard let index = try index(name) else { return }
        // nlmsghdr: length, RTM_DELLINK with NLM_F_REQUEST | NLM_F_ACK, sequence, port; then ifinfomsg.
        try tell([32, 17 | 5 << 16, 1, 0, 0, index, 0, 0], "delete", name, ignoring: ENODEV)
    }

    /// The names of all devices.
    static func names() throws(CloudError) -> [String] {
        let text = String(decoding: try Files.read("/proc/thread-self/net/dev") ?? [], as: UTF8.self)
        return text.split(separator: "\n").dropFirst(2).compactMap { line in
            line.split(separator: ":").first.map { String($0.drop(while: { $0 == " " })) }
        }
    }

    /// Drops at the device what only routers say, router advertisements and redirections of IPv6. OVN lets neighbour
    /// discovery pass whatever its rules say, and Open vSwitch in userspace reads packets before the host's filters;
    /// only XDP comes earlier. Repeating it is harmless.
    static func closeToRouters(_ name: String) throws(CloudError) {
        guard let index = try index(name) else { throw .fault("there is no device \(name)") }
        let program = try RouterGate.load()
        defer { close(program) }
        // nlmsghdr: length, RTM_SETLINK with NLM_F_REQUEST | NLM_F_ACK, sequence, port; ifinfomsg; then IFLA_XDP, which
        // holds IFLA_XDP_FD and IFLA_XDP_FLAGS with XDP_FLAGS_SKB_MODE.
        let nested = Int32(bitPattern: 20 | 0x802b << 16)
        try tell(
            [52, 19 | 5 << 16, 1, 0, 0, index, 0, 0, nested, 8 | 1 << 16, program, 8 | 3 << 16, 2], "close", name)
    }

    /// Sends a message about a device and waits for the answer; `ignoring` is an error that is as good as none.
    private static func tell(
        _ message: [Int32], _ verb: String, _ name: String, ignoring: Int32 = 0
    ) throws(CloudError) {
        let file = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw Files.failure("socket", "netlink") }
        defer { close(file) }
        let size = message.count * 4
        guard send(file, message, size, 0) == size else { throw Files.failure(verb, name) }
        var reply = [Int32](repeating: 0, count: 256)
        guard recv(file, &reply, 1024, 0) >= 20 else { throw Files.failure(verb, name) }
        // The reply's fifth word is the error, negative.
        guard reply[4] == 0 || reply[4] == -ignoring else {
            errno = -reply[4]
            throw Files.failure(verb, name)
        }
    }

    private static let device = "/dev/net/tun"

    private static func index(_ name: String) throws(CloudError) -> Int32? {
        try withSocket { socket throws(CloudError) in Request(name).ask(socket, 0x8933 /* SIOCGIFINDEX */) }
    }

    private static func withSocket<T>(_ body: (Int32) throws(CloudError) -> T) throws(CloudError) -> T {
        let file = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw Files.failure("socket", "inet") }
        defer { close(file) }
        return try body(file)
    }

    /// struct ifreq: a name of 16 bytes, then a union of 24.
    private struct Request {
        var bytes = [UInt8](repeating: 0, count: 40)
        init(_ name: String, short: UInt16 = 0) {
            bytes.replaceSubrange(0..<min(15, name.utf8.count), with: name.utf8.prefix(15))
            withUnsafeBytes(of: short) { bytes.replaceSubrange(16..<18, with: $0) }
        }
        init(_ name: String, int: Int32) {
            self.init(name)
            withUnsafeBytes(of: int) { bytes.replaceSubrange(16..<20, with: $0) }
        }
        /// The number that the kernel answers, in what is an `int` of the union; nil where it refuses, with `errno`.
        func ask(_ file: Int32, _ code: UInt) -> Int32? {
            var bytes = bytes
            guard ioctl(file, code, &bytes) == 0 else { return nil }
            return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
        }
    }
}
