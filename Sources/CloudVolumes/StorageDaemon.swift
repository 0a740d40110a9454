import CloudCore
import CloudHost
import Synchronization

/// QEMU's block layer as a process, for what its tools cannot do. Whoever starts it ends it, or has it merge, which
/// ends it too; its place belongs to another call only then.
final class StorageDaemon: Sendable {
    private final class Ended: Sendable {
        let isSo = Mutex(false)
    }
    private let process: Task<CloudError?, Never>
    private let ended = Ended()
    private let socket: String

    /// Starts it with the disk's nodes.
    ///
    /// - Parameter serving: what it serves at the place's socket; commands, where this is empty.
    init(_ chain: Chain, place: Workplace, serving: [String] = [], timeout: Duration) {
        socket = place.socket
        let control = [
            "--chardev", "socket,id=control,path=\(place.socket),server=on,wait=off", "--monitor", "chardev=control",
        ]
        let argv =
            ["qemu-storage-daemon"] + chain.keys.options
            + ["--blockdev", chain.node(readOnly: !serving.isEmpty).text] + (serving.isEmpty ? control : serving)
        let (tool, input, over) = (Tool(place: place, groups: chain.groups), chain.keys.input, ended)
        process = Task {
            defer { over.isSo.withLock { $0 = true } }
            do throws(CloudError) {
                try await tool.run(argv, input: input, timeout: timeout)
                return nil
            } catch { return error }
        }
    }

    /// Ends it at once, and waits until it has ended; harmless for what it has written, which may be repeated.
    func end() async {
        process.cancel()
        _ = await process.value
    }

    /// Connects as soon as it listens; throws its own reason where it ends instead.
    func connect<T: Sendable>(
        _ body: (String) async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        for _ in 0..<1500 {
            if Files.exists(socket), let it = try? await body(socket) { return it }
            guard !ended.isSo.withLock({ $0 }) else {
                throw await process.value ?? .unavailable("storage pool", "qemu-storage-daemon ended early")
            }
            await SystemClock().sleep(.milliseconds(10))
        }
        throw .unavailable("storage pool", "qemu-storage-daemon does not listen")
    }

    /// Writes what the layer below this one holds into it: what the upper lacks is copied and nothing else is touched,
    /// so that it may be cut short anywhere and repeated. Then it ends.
    func merge(into upper: Int, timeout: Duration) async throws(CloudError) {
        do throws(CloudError) {
            let control = try await connect { (socket) async throws(CloudError) in
                try await QMP.connect(socket, timeout: .seconds(10))
            }
            defer { control.close() }
            try await stream(control, into: upper, timeout: timeout)
            // It writes its tables back as it ends.
            _ = try? await control.execute("quit")
        } catch {
            await end()
            throw error
        }
        if let error = await process.value { throw error }
    }

    private func stream(_ control: QMP, into upper: Int, timeout: Duration) async throws(CloudError) {
        var wish: [String: JSON] = [
            "job-id": "merge", "device": .string(Chain.name(upper)), "auto-dismiss": false,
        ]
        if upper > 1 {
            wish["base-node"] = .string(Chain.name(upper - 2))
            // No name goes into the header: whoever opens the file says what is beneath it.
            wish["backing-file"] = ""
        }
        try await control.execute("block-stream", .object(wish))
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while clock.now < end {
            guard let job = try await control.execute("query-jobs")[0] else { break }
            if job["status"] == "concluded" {
                if let why = job["error"]?.string { throw PoolError.of(.fault("merge: \(why)")) }
                return
            }
            await SystemClock().sleep(.milliseconds(50))
        }
        throw CloudError(.timeout, "A step took too long.", detail: "merge of a layer")
    }
}
