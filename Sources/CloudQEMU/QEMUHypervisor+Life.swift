import CloudCompute
import CloudCore
import CloudHost

/// The hypervisor's own beginning and end; guests are there before and after.
extension QEMUHypervisor {
    /// Connects to every guest that lives, side by side, and clears away what a crash left of removed ones. Returns
    /// how many were found alive. A guest that does not answer is logged, and tried again when it is next asked for.
    @discardableResult
    public func adopt() async throws(CloudError) -> Int {
        for name in try Files.names(in: GuestPaths.trash(dirs)) {
            try Files.remove(GuestPaths.trash(dirs) + "/" + name)
        }
        let all = try await guests(on: host)
        return await withTaskGroup(of: Bool.self) { group in
            for guest in all {
                group.addTask {
                    do {
                        try self.check(self.host, guest)
                        return try await self.locks.run(guest) { () async throws(CloudError) in
                            try await self.connection(guest) != nil
                        }
                    } catch {
                        self.logger.error("guest not adopted", metadata: ["guest": "\(guest)", "error": "\(error)"])
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    /// Keeps the logs of guests within their bound, until the task is cancelled. Run one for each host.
    public func trimLogs(every period: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            for name in (try? Files.names(in: GuestPaths.all(dirs))) ?? [] {
                let paths = GuestPaths(ID(name), dirs)
                for log in [paths.console, paths.log] {
                    do { try ConsoleLog.trim(log) } catch {
                        logger.warning("log not trimmed", metadata: ["log": "\(log)", "error": "\(error)"])
                    }
                }
            }
            try? await Task.sleep(for: period)
        }
    }

    /// Closes every connection and leaves every guest running.
    public func release() {
        let all = running.withLock { table in
            defer { table = [:] }
            return table
        }
        for one in all.values { one.close() }
    }
}
