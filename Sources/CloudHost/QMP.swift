import CloudCore
import Synchronization

/// One connection to a QEMU process (QEMU Machine Protocol): commands with replies, and events.
public final class QMP: Sendable {
    /// The largest message taken from a guest's process, which is not to be trusted.
    public static let limit = 4 << 20

    private struct State {
        var socket: JSONSocket?
        var waiting: [Int: Once<Result<JSON, CloudError>>] = [:]
        var last = 0
        var ended: CloudError?
    }
    private let state = Mutex(State())

    private init() {}

    /// Connects and negotiates. The socket may belong to a QEMU that is only starting: the reply comes when it is up.
    ///
    /// - Parameters:
    ///   - onEvent: called with each event's name, in order; it must not block.
    ///   - onClose: called once, when the connection has ended for whatever reason.
    public static func connect(
        _ path: String, timeout: Duration, onEvent: @escaping @Sendable (String) -> Void = { _ in },
        onClose: @escaping @Sendable () -> Void = {}
    ) async throws(CloudError) -> QMP {
        let client = QMP()
        let socket = try await JSONSocket.connect(
            path, limit: limit, onMessage: { client.take($0, onEvent) },
            onClose: {
                client.end($0 ?? .unavailable("hypervisor", "the connection to QEMU was closed"))
                onClose()
            })
        client.state.withLock { $0.socket = socket }
        do { _ = try await client.execute("qmp_capabilities", timeout: timeout) } catch {
            client.close()
            throw error
        }
        return client
    }

    /// Whether the other end is there.
    public var isOpen: Bool { state.withLock { $0.ended == nil } }

    /// Ends the connection; harmless when it has ended.
    public func close() { state.withLock { $0.socket }?.close() }

    /// Runs one command and returns what it returns.
    ///
    /// - Parameter descriptor: an open file that goes along with the command.
    /// - Throws: `fault` with QEMU's words where it refuses, `timeout`, or `unavailable` where the connection ended.
    @discardableResult
    public func execute(
        _ command: String, _ arguments: JSON = [:], with descriptor: Int32? = nil, timeout: Duration = .seconds(5)
    ) async throws(CloudError) -> JSON {
        let reply = Once<Result<JSON, CloudError>>()
        let sent = state.withLock { state -> Result<(JSONSocket, Int), CloudError> in
            if let ended = state.ended { return .failure(ended) }
            guard let socket = state.socket else { return .failure(.fault("QMP is not connected")) }
            state.last += 1
            state.waiting[state.last] = reply
            return .success((socket, state.last))
        }
        let (socket, id) = try sent.get()
        let message: JSON = ["execute": .string(command), "arguments": arguments, "id": .integer(id)]
        if let descriptor {
            do { try await socket.send(message, with: descriptor) } catch { reply.give(.failure(error)) }
        } else {
            socket.send(message)
        }
        let result = await reply.value(within: timeout) {
            .failure(CloudError(.timeout, "A step took too long.", detail: "QMP \(command): \(timeout)"))
        }
        _ = state.withLock { $0.waiting.removeValue(forKey: id) }
        switch result {
        case .success(let value): return value
        case .failure(let error) where error.code == .fault: throw .fault("QMP \(command): \(error.detail ?? "")")
        case .failure(let error): throw error
        }
    }

    private func take(_ message: JSON, _ onEvent: (String) -> Void) {
        if let event = message["event"]?.string { return onEvent(event) }
        // The greeting has neither an id nor anything that we need.
        guard let id = message["id"]?.integer, let reply = state.withLock({ $0.waiting[id] }) else { return }
        if let value = message["return"] {
            reply.give(.success(value))
        } else {
            reply.give(.failure(.fault(message["error"]?["desc"]?.string ?? "an error without words")))
        }
    }

    private func end(_ why: CloudError) {
        let waiting = state.withLock { state in
            state.ended = why
            defer { state.waiting = [:] }
            return state.waiting
        }
        for reply in waiting.values { reply.give(.failure(why)) }
    }
}
