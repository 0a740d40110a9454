import CloudCore
import NIOCore
import NIOPosix

/// A connection to a unix-domain socket over which both ends send JSON values one after another: QMP, OVSDB.
public final class JSONSocket: Sendable {
    /// Who listens at the other end.
    public let peer: UnixSocket.Peer
    private let channel: any Channel
    /// The socket's number, which the channel owns: valid on the channel's thread while the channel is open.
    private let file: Int32

    private init(peer: UnixSocket.Peer, channel: any Channel, file: Int32) {
        (self.peer, self.channel, self.file) = (peer, channel, file)
    }

    /// Connects to the socket at `path`.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that one received value may have; more closes the connection.
    ///   - onMessage: called for each value in turn, on the connection's thread: it must not block.
    ///   - onClose: called once, after the last message, with the reason where it was not `close()`.
    /// - Throws: `unavailable` where nobody listens.
    public static func connect(
        _ path: String, limit: Int = 64 << 20, onMessage: @escaping @Sendable (JSON) -> Void,
        onClose: @escaping @Sendable (CloudError?) -> Void
    ) async throws(CloudError) -> JSONSocket {
        let (file, peer) = try UnixSocket.dial(path)
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            Receiver(limit: limit, onMessage: onMessage, onClose: onClose))
                    }
                }
                .withConnectedSocket(file).get()
            return JSONSocket(peer: peer, channel: channel, file: file)
        } catch {
            throw .fault("\(path): \(error)")
        }
    }

    /// Sends one value. A failure shows as `onClose`, as does a peer that no longer reads (64 MiB wait unsent).
    public func send(_ value: JSON) {
        var writer = JSONWriter()
        writer.value(value)
        var buffer = channel.allocator.buffer(capacity: writer.bytes.count + 1)
        buffer.writeBytes(writer.bytes)
        buffer.writeInteger(UInt8(ascii: "\n"))
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Sends one value together with an open file, of which the peer gets one of its own.
    ///
    /// - Throws: `unavailable` where the connection has ended, or something waits to be sent before it.
    public func send(_ value: JSON, with descriptor: Int32) async throws(CloudError) {
        var writer = JSONWriter()
        writer.value(value)
        let (line, file) = (writer.bytes + [UInt8(ascii: "\n")], file)
        do {
            try await channel.eventLoop.submit { [channel] in
                let receiver = try channel.pipeline.syncOperations.handler(type: Receiver.self)
                guard channel.isActive, receiver.isIdle else {
                    throw CloudError.unavailable("service", "the connection is closed or busy")
                }
                try UnixSocket.send(line, with: descriptor, over: file)
            }.get()
        } catch let error as CloudError { throw error } catch { throw .unavailable("service", "\(error)") }
    }

    /// Ends the connection; `onClose` follows. Harmless when it has ended.
    public func close() { channel.close(promise: nil) }
}

/// Turns bytes into JSON values, and the end of the channel into one call.
private final class Receiver: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var framer: JSONFramer
    private let onMessage: @Sendable (JSON) -> Void
    private let onClose: @Sendable (CloudError?) -> Void
    private var reason: CloudError? = .unavailable("service", "the peer closed the connection")
    private var unsent = 0
    /// Whether nothing waits to be sent.
    var isIdle: Bool { unsent == 0 }

    init(limit: Int, onMessage: @escaping @Sendable (JSON) -> Void, onClose: @escaping @Sendable (CloudError?) -> Void)
    {
        framer = JSONFramer(limit: limit)
        (self.onMessage, self.onClose) = (onMessage, onClose)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        do {
            for frame in try framer.take(&buffer) { onMessage(try JSON.parse(frame, depth: 64)) }
        } catch {
            fail(context, "unreadable: \(error)")
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let size = unwrapOutboundIn(data).readableBytes
        unsent += size
        guard unsent <= 64 << 20 else { return fail(context, "the peer does not read") }
        let written = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in bound.value.unsent -= size }
        context.write(data, promise: written)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        reason = nil
        context.close(mode: mode, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, "\(error)") }

    func channelInactive(context: ChannelHandlerContext) { onClose(reason) }

    private func fail(_ context: ChannelHandlerContext, _ why: String) {
        reason = .unavailable("service", why)
        context.close(promise: nil)
    }
}
