import CloudCompute
import CloudCore
import CloudHost

/// QEMU processes of a guest whose handle was never written, because we were killed just after starting them.
enum Strays {
    /// Ends every process that was started as this guest, except the one that is known.
    static func end(_ guest: ID<Server>, except known: ProcessHandle?) async throws(CloudError) {
        let mark = Array("-uuid\0\(guest.text)\0".utf8)
        for pid in try Files.names(in: "/proc").compactMap({ Int32($0) }) {
            guard pid != known?.pid, let handle = ProcessHandle(pid: pid),
                let line = try? Files.read("/proc/\(pid)/cmdline"), line.contains(mark)
            else { continue }
            try await handle.stop(grace: .zero)
        }
    }
}
