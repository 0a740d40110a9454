import CloudCore
import NIOCore
import NIOPosix

/// A connected socket whose bytes are asked for: what nobody has read yet stays with the sender.
public final class ByteStream: Sendable {
    private let channel: any Channel
    private let intake: NIOLoopBound<Intake>

    private init(_ channel: any Channel, _ intake: NIOLoopBound<Intake>) {
        (self.channel, self.intake) = (channel, intake)
    }

    /// Takes over a connected, non-blocking socket: it is closed with this.
    public static func adopt(_ file: Int32) async throws(CloudError) -> ByteStream {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            let intake = try await loop.submit { NIOLoopBound(Intake(), eventLoop: loop) }.get()
            let channel = try await ClientBootstrap(group: loop)
                .channelOption(.autoRead, value: false)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(intake.value)
                    }
                }
                .withConnectedSocket(file).get()
            return ByteStream(channel, intake)
        } catch { throw .fault("a socket cannot be taken over: \(error)") }
    }

    /// What came, as soon as there is anything; nil at the end. One caller at a time.
    public func read() async throws(CloudError) -> [UInt8]? {
        do {
            return try await channel.eventLoop.flatSubmit { [channel, intake] in intake.value.next(channel) }.get()
        } catch { throw .unavailable("connection", "\(error)") }
    }

    /// Returns when the socket has taken all of it.
    public func write(_ bytes: [UInt8]) async throws(CloudError) {
        do { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() } catch {
            throw .unavailable("connection", "\(error)")
        }
    }

    /// Ends it; who waits for bytes gets nil. Harmless when it has ended.
    public func close() { channel.close(promise: nil) }
}

/// Keeps what one look at the socket brought until it is asked for.
private final class Intake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var waiting = ByteBuffer()
    private var reader: EventLoopPromise<[UInt8]?>?
    private var hasEnded = false

    func next(_ channel: any Channel) -> EventLoopFuture<[UInt8]?> {
        let promise = channel.eventLoop.makePromise(of: [UInt8]?.self)
        // A second reader would take what the first was promised.
        guard reader == nil else {
            promise.fail(ChannelError.operationUnsupported)
            return promise.futureResult
        }
        reader = promise
        give()
        if reader != nil { channel.read() }
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        waiting.writeBuffer(&buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) { give() }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        give()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func give() {
        guard let reader, waiting.readableBytes > 0 || hasEnded else { return }
        self.reader = nil
        let bytes = waiting.readBytes(length: waiting.readableBytes) ?? []
        waiting.clear()
        reader.succeed(bytes.isEmpty ? nil : bytes)
    }
}
