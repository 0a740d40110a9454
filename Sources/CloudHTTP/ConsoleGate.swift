import CloudCompute
import CloudCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Decides which connections become consoles. Everything is looked at before the token is used up, so that neither a
/// foreign page nor a full house costs its owner the console.
final class ConsoleGate: Sendable {
    private struct State: Sendable {
        var open: ConsoleServer.Opener?
        var connections = 0, consoles = 0
    }
    private let state = Mutex(State())
    private let origin: String
    private let limits: ConsoleServer.Limits
    private let logger: Logger

    init(origin: String, limits: ConsoleServer.Limits, logger: Logger) {
        (self.origin, self.limits, self.logger) = (origin, limits, logger)
    }

    struct Full: Error {}

    func begin(_ open: @escaping ConsoleServer.Opener) { state.withLock { $0.open = open } }

    /// A new connection's ticket; it is closed soon unless it becomes a console. Throws where there are too many.
    func enter(_ channel: any Channel) throws -> ConsoleTicket {
        let isIn = state.withLock { state in
            guard state.connections < limits.connections else { return false }
            state.connections += 1
            return true
        }
        guard isIn else { throw Full() }
        let end = channel.eventLoop.scheduleTask(in: .nanoseconds(limits.request.nanoseconds)) {
            channel.close(promise: nil)
        }
        let ticket = ConsoleTicket { end.cancel() }
        channel.closeFuture.whenComplete { [self] _ in
            end.cancel()
            let hadConsole = ticket.end()
            state.withLock { state in
                state.connections -= 1
                if hadConsole { state.consoles -= 1 }
            }
        }
        return ticket
    }

    /// The headers of the upgrade; nil where it is refused, with the reason on the ticket.
    func admit(_ head: HTTPRequestHead, _ channel: any Channel, _ ticket: ConsoleTicket) -> EventLoopFuture<
        HTTPHeaders?
    > {
        let address = channel.remoteAddress?.ipAddress ?? ""
        let promise = channel.eventLoop.makePromise(of: HTTPHeaders?.self)
        // What comes meanwhile waits in the socket, not here.
        let quiet = channel.setOption(.autoRead, value: false)
        promise.completeWithTask { [self] in
            try await quiet.get()
            let refusal = await decide(head, address, ticket)
            try await channel.setOption(.autoRead, value: true).get()
            guard let refusal else { return ["sec-websocket-protocol": "binary"] }
            ticket.refuse(refusal)
            logger.notice(
                "a console was refused",
                metadata: ["from": "\(address)", "status": "\(refusal.status)", "why": "\(refusal.why)"])
            return nil
        }
        return promise.futureResult
    }

    /// Opens the console for the ticket, or says why not. What is logged of it never holds the token.
    private func decide(_ head: HTTPRequestHead, _ address: String, _ ticket: ConsoleTicket) async -> ConsoleTicket
        .Refusal?
    {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.method == .GET, parts[0] == "/websockify" else {
            return .init(status: 404, why: "There is no WebSocket at this path.")
        }
        // Browsers say on whose behalf they connect; a page of anyone else's must not reach a console.
        guard head.headers["origin"] == [origin] else {
            return .init(status: 403, why: "Consoles are opened from their own pages only.")
        }
        let protocols = head.headers[canonicalForm: "sec-websocket-protocol"]
        guard protocols.contains("binary") else {
            return .init(status: 403, why: "The WebSocket's protocol must be binary.")
        }
        guard parts.count == 2, parts[1].hasPrefix("token=") else {
            return .init(status: 403, why: "There is no token.")
        }
        let token = String(parts[1].dropFirst("token=".count))
        let open = state.withLock { state -> ConsoleServer.Opener? in
            guard state.consoles < limits.consoles, let open = state.open else { return nil }
            state.consoles += 1
            return open
        }
        guard let open else { return .init(status: 503, why: "Too many consoles are open.") }
        do throws(CloudError) {
            let console = try await open(token, address)
            if ticket.take(console) { return nil }
            leave()
            return .init(status: 403, why: "The connection has ended.")
        } catch {
            leave()
            switch error.code {
            case .forbidden: return .init(status: 403, why: error.message)
            case .missing, .conflict: return .init(status: 409, why: "The server's console cannot be opened.")
            default: return .init(status: 503, why: error.message)
            }
        }
    }

    private func leave() { state.withLock { $0.consoles -= 1 } }
}

/// What one connection has come to, until it closes.
final class ConsoleTicket: Sendable {
    struct Refusal: Sendable {
        var status: Int
        var why: String
    }
    private struct State: Sendable {
        var console: OpenConsole?
        var refusal: Refusal?
        var hasEnded = false
    }
    private let state = Mutex(State())
    private let onKeep: @Sendable () -> Void

    init(onKeep: @escaping @Sendable () -> Void) { self.onKeep = onKeep }

    var console: OpenConsole? { state.withLock { $0.console } }
    var refusal: Refusal? { state.withLock { $0.refusal } }

    func refuse(_ why: Refusal) { state.withLock { $0.refusal = why } }

    /// The connection is a console now, and stays.
    func keep() { onKeep() }

    /// Takes a console; false, and it is closed, where the connection has ended in the meantime.
    func take(_ console: OpenConsole) -> Bool {
        let isTaken = state.withLock { state in
            if !state.hasEnded { state.console = console }
            return !state.hasEnded
        }
        if !isTaken { console.screen.close() }
        return isTaken
    }

    /// Closes what the connection had; whether it had a console.
    func end() -> Bool {
        let console = state.withLock { state in
            state.hasEnded = true
            return state.console
        }
        console?.screen.close()
        return console != nil
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
