import Glibc

/// Calls that glibc has (since 2.36 at the latest) and Swift's overlay does not name.
enum CLibrary {
    static let pidfdOpen = unsafeBitCast(
        find("pidfd_open"), to: (@convention(c) (Int32, UInt32) -> Int32).self)
    static let pidfdSendSignal = unsafeBitCast(
        find("pidfd_send_signal"), to: (@convention(c) (Int32, Int32, UnsafeMutableRawPointer?, UInt32) -> Int32).self)
    static let spawnAddCloseFrom = unsafeBitCast(
        find("posix_spawn_file_actions_addclosefrom_np"),
        to: (@convention(c) (UnsafeMutableRawPointer, Int32) -> Int32).self)
    static let pipe2 = unsafeBitCast(
        find("pipe2"), to: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)
    /// Mode 3 gives a range back to the disk and keeps the file's size.
    static let fallocate = unsafeBitCast(
        find("fallocate"), to: (@convention(c) (Int32, Int32, off_t, off_t) -> Int32).self)

    /// Sets one of malloc's parameters; the numbers are of `<malloc.h>`.
    static let mallopt = unsafeBitCast(find("mallopt"), to: (@convention(c) (Int32, Int32) -> Int32).self)

    private static func find(_ name: String) -> UnsafeMutableRawPointer {
        guard let symbol = dlsym(nil, name) else { fatalError("the C library lacks \(name); glibc 2.36 is the oldest") }
        return symbol
    }
}
