import CloudCompute
import CloudCore
import CloudHost
import Glibc

/// QEMU processes of a guest whose handle was never written, because we were killed just after starting them, or whose
/// files somebody took away.
enum Strays {
    /// The guests of which processes run that keep their files in this instance.
    static func guests(_ dirs: InstanceDirs) throws(CloudError) -> Set<ID<Server>> {
        var found: Set<ID<Server>> = []
        for pid in try Files.names(in: "/proc").compactMap({ Int32($0) }) {
            guard let line = try? Files.read("/proc/\(pid)/cmdline"), !line.isEmpty else { continue }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard let mark = words.firstIndex(of: "-uuid"), mark + 1 < words.count else { continue }
            let guest = ID<Server>(words[mark + 1])
            // Anyone may call a program like this: only what we could have started counts.
            guard QEMUHypervisor.isID(guest), words.contains(QEMUCommand.console(GuestPaths(guest, dirs))),
                ProcessHandle(pid: pid) != nil
            else { continue }
            found.insert(guest)
        }
        return found
    }

    /// Ends every process that was started as this guest, except the one that is known.
    static func end(_ guest: ID<Server>, except known: ProcessHandle?) async throws(CloudError) {
        let mark = Array("-uuid\0\(guest.text)\0".utf8)
        for pid in try Files.names(in: "/proc").compactMap({ Int32($0) }) {
            // Nearly none is one, and this is asked of every server that is off: the cheapest question comes first.
            guard pid != known?.pid, let line = try? Files.read("/proc/\(pid)/cmdline"), holds(line, mark),
                let handle = ProcessHandle(pid: pid)
            else { continue }
            try await handle.stop(grace: .zero)
        }
    }

    private static func holds(_ line: [UInt8], _ mark: [UInt8]) -> Bool {
        guard line.count >= mark.count else { return false }
        return line.withUnsafeBytes { line in
            mark.withUnsafeBytes { mark in
                (0...line.count - mark.count).contains { place in
                    line[place] == mark[0] && memcmp(line.baseAddress! + place, mark.baseAddress!, mark.count) == 0
                }
            }
        }
    }
}
