import CPKCS11
import CloudCore
import CloudHost
import Glibc

/// An installation's own token, kept by SoftHSM 2 in a directory that only root reads: the keys' store where there is
/// no HSM. Its objects are encrypted under the PIN, which lies in a file beside them: it keeps keys from being read out
/// through us, and from whoever gets at the database, disks or backups, but not from root.
public enum SoftHSM {
    /// What set-up does, in its order; another start goes on after any of them.
    enum Step: String, CaseIterable { case directories, configuration, pins, emptied, token, userPIN, marked }

    /// Where Debian puts the library.
    private static let places = [
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
    ]

    /// The library of this machine; nil where it is not installed.
    public static func library() -> String? { places.first(where: Files.exists) }

    /// Makes the installation's token at the first start, and finds it at every other.
    ///
    /// SoftHSM learns its configuration from the environment, so this sets `SOFTHSM2_CONF` for this process, and must
    /// be called before any library of the kind is used, and once: one process has one token of this kind.
    ///
    /// - Parameter directory: is made if it is missing; its parent is there.
    /// - Throws: `unavailable` where the library is missing, or what an earlier start made is; `fault`.
    public static func prepare(_ directory: String) async throws(CloudError) -> TokenPlace {
        try await prepare(directory) { _ in }
    }

    static func prepare(
        _ directory: String, after: @escaping @Sendable (Step) throws(CloudError) -> Void
    ) async throws(CloudError) -> TokenPlace {
        guard let library = library() else {
            throw .unavailable("key store", "SoftHSM is not installed: apt-get install softhsm2")
        }
        let thread = TokenThread(room: 1, patience: .seconds(60))
        return try await thread.run { () throws(CloudError) in
            try Setting(directory: directory, library: library, after: after).make()
        }
    }
}

/// One run of the set-up.
private struct Setting {
    let directory: String
    let library: String
    let after: @Sendable (SoftHSM.Step) throws(CloudError) -> Void

    private var tokens: String { directory + "/tokens" }
    private var configuration: String { directory + "/softhsm2.conf" }
    private var userPIN: String { directory + "/pin" }
    private var officerPIN: String { directory + "/so-pin" }
    /// The token's label: written last, so that a token without it was never used.
    private var mark: String { directory + "/label" }

    func make() throws(CloudError) -> TokenPlace {
        try Files.ensureDirectory(directory, mode: 0o700)
        let lock = try lock()
        defer { close(lock) }
        try Files.ensureDirectory(tokens, mode: 0o700)
        try after(.directories)
        try configure()
        try after(.configuration)
        setenv("SOFTHSM2_CONF", configuration, 1)
        if let label = try known() {
            try TokenFiles(directory: tokens).removeEmpty()
            return place(label)
        }
        for path in [officerPIN, userPIN] where Files.status(path) == nil {
            try Files.write(Array((SystemDice().hex32() + "\n").utf8), to: path, mode: 0o600, sync: true)
        }
        try after(.pins)
        // What an earlier start left before it was whole has sealed nothing.
        for name in try Files.names(in: tokens) { try Files.remove(tokens + "/" + name) }
        try after(.emptied)
        let label = "akashi " + SystemDice().hex32().prefix(16)
        try initialise(label)
        try TokenFiles(directory: tokens).sync(all: true)
        try Files.write(Array((label + "\n").utf8), to: mark, mode: 0o600, sync: true)
        try TokenFiles.sync(directory)
        try after(.marked)
        return place(label)
    }

    private func place(_ label: String) -> TokenPlace {
        TokenPlace(library: library, label: label, pinFile: userPIN, objects: tokens)
    }

    /// The label of the token that an earlier start made whole.
    private func known() throws(CloudError) -> String? {
        guard let bytes = try Files.read(mark, limit: 256) else { return nil }
        let label = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
        guard label.hasPrefix("akashi "), label.dropFirst(7).utf8.count == 16,
            label.dropFirst(7).allSatisfy(\.isHexDigit)
        else { throw .unavailable("key store", "\(mark) does not hold a token's label") }
        return label
    }

    private func lock() throws(CloudError) -> Int32 {
        let path = directory + "/lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Files.failure("open", path) }
        for _ in 0..<3000 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return file }
            usleep(10_000)
        }
        close(file)
        throw .unavailable("key store", "another process has held \(path) for 30 s")
    }

    private func configure() throws(CloudError) {
        guard directory.hasPrefix("/"), directory.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f })
        else {
            throw .unavailable("key store", "SoftHSM needs a whole path without white space, not '\(directory)'")
        }
        let text = """
            # Written by akashi at each start.
            directories.tokendir = \(tokens)
            objectstore.backend = file
            objectstore.umask = 0077
            log.level = ERROR
            slots.removable = false
            slots.mechanisms = ALL
            library.reset_on_fork = false

            """
        if try Files.read(configuration) != Array(text.utf8) {
            try Files.write(Array(text.utf8), to: configuration, mode: 0o600, sync: true)
        }
    }

    private func initialise(_ label: String) throws(CloudError) {
        let library = try Library(library)
        defer { library.finalise() }
        do {
            try library.initialise()
            let free = try library.tokens().first { $0.flags & CKF_TOKEN_INITIALIZED == 0 }
            guard let free else { throw CloudError.unavailable("key store", "SoftHSM offers no slot for a new token") }
            var name = Array(label.utf8)
            name += [UInt8](repeating: 0x20, count: 32 - name.count)
            var pin = try TokenPlace.secret(officerPIN)
            try library.check("InitToken", library.calls.C_InitToken(free.slot, &pin, CK_ULONG(pin.count), &name))
            try after(.token)
            // The token has another slot when the library looks anew.
            library.finalise()
            try library.initialise()
            guard let ours = try library.tokens().first(where: { $0.label == label }) else {
                throw CloudError.unavailable("key store", "SoftHSM does not find the token that it made")
            }
            let session = try library.logIn(ours.slot, as: CKU_SO, pin: pin)
            var user = try TokenPlace.secret(userPIN)
            try library.check("InitPIN", library.calls.C_InitPIN(session, &user, CK_ULONG(user.count)))
            try after(.userPIN)
        } catch let failure as Failure { throw failure.error(place(label)) } catch let error as CloudError {
            throw error
        } catch { throw .fault("\(error)") }
    }
}
