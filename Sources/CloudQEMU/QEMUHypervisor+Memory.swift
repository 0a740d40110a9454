import CloudCompute
import CloudCore
import CloudHost

/// Suspending: a guest's memory is kept inside of its own disk file, written and read by its own process, so that
/// nothing else ever parses what a guest can shape.
extension QEMUHypervisor {
    private static let tag = "suspended"

    public func suspend(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try check(host, guest)
        try await locks.run(guest) { () async throws(CloudError) in
            let paths = GuestPaths(guest, dirs)
            guard let running = try await connection(guest) else {
                guard Files.exists(paths.suspended) else { throw .missing("Server", guest.text) }
                return
            }
            if !Files.exists(paths.suspended) {
                if try await running.act.execute("query-status")["status"] == "shutdown" {
                    throw .conflict("The server is powered off.")
                }
                try await running.act.execute("stop")
                // One of an earlier time may have been left by a crash.
                try? await job("snapshot-delete", running, ["tag": .string(Self.tag), "devices": ["disk"]])
                try await job(
                    "snapshot-save", running, ["tag": .string(Self.tag), "vmstate": "disk", "devices": ["disk"]])
                try Files.write([], to: paths.suspended, sync: true)
            }
            try await end(guest)
        }
    }

    /// Gives a guest that was suspended its memory back; nothing for any other.
    func awake(_ running: Running, _ paths: GuestPaths) async throws(CloudError) {
        guard Files.exists(paths.suspended) else { return }
        try await job("snapshot-load", running, ["tag": .string(Self.tag), "vmstate": "disk", "devices": ["disk"]])
        try Files.remove(paths.suspended)
        // What it takes on disk is given back; where that fails, the next suspending does it.
        try? await job("snapshot-delete", running, ["tag": .string(Self.tag), "devices": ["disk"]])
    }

    /// Makes the disk as large as it is to be; it never shrinks.
    func grow(_ running: Running, to size: Gibibytes) async throws(CloudError) {
        let nodes = try await running.act.execute("query-named-block-nodes", ["flat": true]).array ?? []
        let now = nodes.first { $0["node-name"] == "disk" }?["image"]?["virtual-size"]?.integer ?? 0
        guard now > 0, now < size.bytes else { return }
        try await running.act.execute("block_resize", ["node-name": "disk", "size": .integer(size.bytes)])
    }

    /// Runs one of QEMU's jobs to its end, at most 50 seconds.
    private func job(_ command: String, _ running: Running, _ arguments: [String: JSON]) async throws(CloudError) {
        let id = "job-" + SystemDice().hex32().prefix(8)
        try await running.act.execute(command, .object(arguments.merging(["job-id": .string(id)]) { $1 }))
        for _ in 0..<1000 {
            let jobs = try await running.act.execute("query-jobs").array ?? []
            guard let job = jobs.first(where: { $0["id"] == .string(id) }), job["status"] != "concluded" else {
                let error = jobs.first { $0["id"] == .string(id) }?["error"]?.string
                _ = try? await running.act.execute("job-dismiss", ["id": .string(id)])
                if let error { throw .fault("\(command): \(error)") }
                return
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        throw CloudError(.timeout, "A step took too long.", detail: "QEMU's \(command) does not end")
    }

    public func diagnostics(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestDiagnostics {
        try check(host, guest)
        return try await locks.run(guest) { () async throws(CloudError) in
            guard let running = try await connection(guest) else { throw .missing("Server", guest.text) }
            let devices = try await running.act.execute("query-blockstats").array ?? []
            let disk = devices.first { $0["node-name"] == "disk" || ($0["qdev"]?.string ?? "").contains("root") }?[
                "stats"]
            // proc(5): fields behind the command's closing parenthesis; utime and stime in ticks of 10 ms.
            let line = String(decoding: (try Files.read("/proc/\(running.process.pid)/stat")) ?? [], as: UTF8.self)
            let fields = line.drop { $0 != ")" }.split(separator: " ").dropFirst().map { Int($0) ?? 0 }
            let ticks = fields.count > 19 ? fields[11] + fields[12] : 0
            let uptime = String(decoding: (try Files.read("/proc/uptime")) ?? [], as: UTF8.self).split(separator: ".")
                .first
            let age = fields.count > 19 ? (uptime.flatMap { Int($0) } ?? 0) - fields[19] / 100 : 0
            return GuestDiagnostics(
                cpuTime: ticks * 10_000_000, uptime: max(0, age), readBytes: disk?["rd_bytes"]?.integer ?? 0,
                readRequests: disk?["rd_operations"]?.integer ?? 0, writeBytes: disk?["wr_bytes"]?.integer ?? 0,
                writeRequests: disk?["wr_operations"]?.integer ?? 0)
        }
    }
}
