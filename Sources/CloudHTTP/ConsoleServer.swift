import CloudCompute
import CloudCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Serves the consoles of servers on a port of their own: the pages, and the WebSockets between a page and a guest's
/// screen. An origin of its own, so that nothing a console shows can reach what the API's origin holds.
public final class ConsoleServer: Sendable {
    /// Opens the console that a token is for, for a peer's address.
    public typealias Opener = @Sendable (_ token: String, _ address: String) async throws(CloudError) -> OpenConsole

    /// The bounds of what is served at a time, and of how long it may take.
    public struct Limits: Sendable {
        /// Connections of any sort, and open consoles among them.
        public var connections = 256, consoles = 64
        /// Until a connection that is no console has been answered and closed.
        public var request = Duration.seconds(20)
        /// How often an open console's right to be so is looked at, and how often its browser is asked for a sign.
        public var check = Duration.seconds(5), ping = Duration.seconds(30)
        /// Without any sign from the browser, and at most.
        public var silence = Duration.seconds(90), life = Duration.seconds(12 * 3600)
        public init() {}
    }

    enum Visit: Sendable {
        case page
        case console(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, ConsoleTicket)
    }

    private let listening: NIOAsyncChannel<EventLoopFuture<Visit>, Never>
    private let gate: ConsoleGate
    private let limits: Limits

    private init(_ listening: NIOAsyncChannel<EventLoopFuture<Visit>, Never>, _ gate: ConsoleGate, _ limits: Limits) {
        (self.listening, self.gate, self.limits) = (listening, gate, limits)
    }

    /// Listens; until `run` every console is refused.
    ///
    /// - Parameters:
    ///   - origin: the address of the pages, as browsers write it: `https://host:port`.
    ///   - identity: nil for plain HTTP.
    ///   - noVNC: noVNC's modules by their paths, as `core/rfb.js`.
    public static func listen(
        address: String, port: Int, origin: String, identity: HTTPServer.Identity?, noVNC: [String: [UInt8]],
        limits: Limits = Limits(), logger: Logger
    ) async throws -> ConsoleServer {
        let tls = try identity.map { try NIOSSLContext(configuration: try $0.configuration()) }
        let gate = ConsoleGate(origin: origin, limits: limits, logger: logger)
        let pages = ConsolePages(noVNC, origin: origin)
        let listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 256)
            .bind(host: address, port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try receive(channel, tls, gate, pages) }
            }
        return ConsoleServer(listening, gate, limits)
    }

    /// Makes a connection ready for whichever of the two it will be.
    private static func receive(
        _ channel: any Channel, _ tls: NIOSSLContext?, _ gate: ConsoleGate, _ pages: ConsolePages
    ) throws -> EventLoopFuture<Visit> {
        let ticket = try gate.enter(channel)
        if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
        let upgrader = NIOTypedWebSocketServerUpgrader<Visit>(
            maxFrameSize: 1 << 16,
            shouldUpgrade: { channel, head in gate.admit(head, channel, ticket) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    ticket.keep()
                    return .console(try NIOAsyncChannel(wrappingChannelSynchronously: channel), ticket)
                }
            })
        var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(PageHandler(pages, ticket))
                        return .page
                    }
                }))
        configuration.decoderConfiguration.maxHeaderListSize = 65_536
        return try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: configuration)
    }

    /// Serves until its task is cancelled, which ends every console too.
    public func run(_ open: @escaping Opener) async throws {
        gate.begin(open)
        try await withThrowingDiscardingTaskGroup { group in
            try await listening.executeThenClose { visits in
                for try await visit in visits {
                    group.addTask { [limits] in
                        guard case .console(let channel, let ticket) = try? await visit.get(),
                            let console = ticket.console
                        else { return }
                        await ConsoleRelay(console: console, limits: limits).run(channel)
                    }
                }
            }
        }
    }
}
