import CloudCore
import CloudHost
import Synchronization

/// One JSON-RPC 1.0 connection, as OVSDB (RFC 7047) and the daemons' control sockets speak it.
final class Wire: Sendable {
    /// The most requests that may wait for a reply.
    static let mostWaiting = 1024

    private struct State {
        var socket: JSONSocket?
        var waiting: [Int: Once<Result<JSON, CloudError>>] = [:]
        var last = 0
        var ended: CloudError?
    }
    private let state = Mutex(State())

    private init() {}

    static func connect(_ path: String) async throws(CloudError) -> Wire {
        let wire = Wire()
        let socket = try await JSONSocket.connect(
            path, onMessage: { wire.take($0) },
            onClose: { wire.end($0 ?? .unavailable("network", "the connection to \(path) was closed")) })
        wire.state.withLock { $0.socket = socket }
        return wire
    }

    var isOpen: Bool { state.withLock { $0.ended == nil } }

    func close() { state.withLock { $0.socket }?.close() }

    /// Sends a request and returns its result.
    ///
    /// - Throws: `fault` with the peer's error, `timeout`, or `unavailable` where the connection ended.
    func call(_ method: String, _ params: JSON, within limit: Duration) async throws(CloudError) -> JSON {
        let reply = Once<Result<JSON, CloudError>>()
        let sent = state.withLock { state -> Result<(JSONSocket, Int), CloudError> in
            if let ended = state.ended { return .failure(ended) }
            guard let socket = state.socket, state.waiting.count < Self.mostWaiting else {
                return .failure(.unavailable("network", "\(state.waiting.count) requests wait for a reply"))
            }
            state.last += 1
            state.waiting[state.last] = reply
            return .success((socket, state.last))
        }
        let (socket, id) = try sent.get()
        socket.send(["method": .string(method), "params": params, "id": .integer(id)])
        let result = await reply.value(within: limit) {
            .failure(CloudError(.timeout, "A step took too long.", detail: "\(method): \(limit)"))
        }
        _ = state.withLock { $0.waiting.removeValue(forKey: id) }
        return try result.get()
    }

    private func take(_ message: JSON) {
        // The server asks this of a connection that was quiet for five seconds, and closes it if no answer comes.
        if message["method"] == "echo" {
            let socket = state.withLock { $0.socket }
            socket?.send(["id": message["id"] ?? .null, "result": message["params"] ?? [], "error": .null])
            return
        }
        guard let id = message["id"]?.integer, let reply = state.withLock({ $0.waiting[id] }) else { return }
        if let error = message["error"], !error.isNull {
            reply.give(.failure(.fault(error.text)))
        } else {
            reply.give(.success(message["result"] ?? .null))
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
