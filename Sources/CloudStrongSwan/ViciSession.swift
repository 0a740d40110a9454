import CloudCore
import CloudHost

/// A connection to charon over which it is told things. One caller at a time.
final class ViciSession {
    private let stream: ByteStream
    private var buffer: [UInt8] = []

    private init(_ stream: ByteStream) { self.stream = stream }

    /// The largest packet that is read: charon sends no larger one.
    private static let largest = 512 << 10

    /// Kinds of packets: one byte before each.
    private enum Packet {
        static let request: UInt8 = 0, response: UInt8 = 1, subscribe: UInt8 = 3
        static let confirmed: UInt8 = 5, event: UInt8 = 7
    }

    /// Connects, runs `body`, and closes; what is not done within `limit` fails as `unavailable`.
    static func with<T: Sendable>(
        _ path: String, within limit: Duration = .seconds(10),
        _ body: (ViciSession) async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let stream = try await ByteStream.adopt(try UnixSocket.dial(path).file)
        // Closing is what ends a read that waits.
        let timer = Task {
            try? await Task.sleep(for: limit)
            if !Task.isCancelled { stream.close() }
        }
        defer {
            timer.cancel()
            stream.close()
        }
        return try await body(ViciSession(stream))
    }

    /// Sends a command and returns the answer.
    ///
    /// - Throws: `fault` with charon's words where it refuses.
    @discardableResult
    func call(_ command: String, _ message: ViciMessage = ViciMessage()) async throws(CloudError) -> ViciMessage {
        try await send(Packet.request, command, message)
        while true {
            let packet = try await receive()
            guard packet.first != Packet.event else { continue }
            return try Self.answer(packet, to: command)
        }
    }

    /// Sends a command whose answer comes as events, and returns those.
    func list(
        _ command: String, event: String, _ message: ViciMessage = ViciMessage()
    ) async throws(CloudError) -> [ViciMessage] {
        try await send(Packet.subscribe, event, ViciMessage())
        guard try await receive().first == Packet.confirmed else { throw .fault("charon has no event \(event)") }
        try await send(Packet.request, command, message)
        var events: [ViciMessage] = []
        while true {
            let packet = try await receive()
            guard packet.first == Packet.event else {
                _ = try Self.answer(packet, to: command)
                return events
            }
            guard packet.count > 1, let event = ViciMessage(Array(packet.dropFirst(2 + Int(packet[1])))) else {
                throw .fault("charon sent an event that cannot be read")
            }
            events.append(event)
            guard events.count <= 10_000 else { throw .fault("charon does not end its list") }
        }
    }

    private static func answer(_ packet: [UInt8], to command: String) throws(CloudError) -> ViciMessage {
        guard packet.first == Packet.response, let message = ViciMessage(Array(packet.dropFirst())) else {
            throw .fault("charon does not know \(command)")
        }
        if message.text("success") == "no" {
            throw .fault("charon refuses \(command): \(message.text("errmsg") ?? "no reason given")")
        }
        return message
    }

    private func send(_ kind: UInt8, _ name: String, _ message: ViciMessage) async throws(CloudError) {
        let body = [kind, UInt8(name.utf8.count)] + Array(name.utf8) + message.bytes
        let size = UInt32(body.count)
        try await stream.write([24, 16, 8, 0].map { UInt8(size >> $0 & 255) } + body)
    }

    private func receive() async throws(CloudError) -> [UInt8] {
        while true {
            if buffer.count >= 4 {
                let size = buffer.prefix(4).reduce(0) { $0 << 8 | Int($1) }
                guard (1...Self.largest).contains(size) else { throw .fault("charon sent a packet of \(size) bytes") }
                if buffer.count >= 4 + size {
                    defer { buffer.removeFirst(4 + size) }
                    return Array(buffer[4..<4 + size])
                }
            }
            guard let more = try await stream.read() else {
                throw .unavailable("VPN gateway", "charon ended the connection, or did not answer in time")
            }
            buffer += more
        }
    }
}
