import NIOCore
import NIOHTTPTypes
import Synchronization

/// Keeps one client from holding the server's connections against all others: counts those of each address, and cuts
/// those on which a request comes, or its answer is taken, so slowly that only a client that means to would.
public struct Pace: Sendable {
    /// Connections that one address may have; an eighth of what the server has room for.
    public var mostOfAddress = 512
    /// How often a connection is looked at.
    public var period = Duration.seconds(20)
    /// Bytes of a body that must come in a period, unless its end comes.
    public var leastBytes = 65_536
    /// Periods in which a client may take nothing of an answer that waits for it.
    public var mostStalls = 3

    public init() {}

    /// How many connections each address has.
    final class Register: Sendable {
        private let counts = Mutex<[String: Int]>([:])

        /// False where the address has as many as it may.
        func enter(_ address: String, most: Int) -> Bool {
            counts.withLock { counts in
                guard counts[address, default: 0] < most else { return false }
                counts[address, default: 0] += 1
                return true
            }
        }

        func leave(_ address: String) {
            counts.withLock { counts in
                let left = counts[address, default: 1] - 1
                counts[address] = left > 0 ? left : nil
            }
        }

        /// A host chooses the low half of its IPv6 address as it likes, so the network stands for all of them.
        static func key(_ address: SocketAddress?) -> String {
            guard case .v6(let v6)? = address else { return address?.ipAddress ?? "" }
            return withUnsafeBytes(of: v6.address.sin6_addr) { bytes in
                bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
            }
        }
    }
}

/// One connection's part of `Pace`.
final class PaceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let pace: Pace
    private let register: Pace.Register
    private var address: String?
    private var look: RepeatedTask?
    private var isBodyComing = false
    /// Whether the server asks for more; where it does not, it is itself that is slow.
    private var isWaiting = false
    private var received = 0
    private var unsent = 0
    private var sent = 0
    private var stalls = 0

    init(_ pace: Pace, _ register: Pace.Register) { (self.pace, self.register) = (pace, register) }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { begin(context) } }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        look?.cancel()
        if let address { register.leave(address) }
        address = nil
        context.fireChannelInactive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard address == nil else { return }
        let key = Pace.Register.key(context.remoteAddress)
        guard register.enter(key, most: pace.mostOfAddress) else { return context.close(promise: nil) }
        address = key
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let period = TimeAmount(pace.period)
        look = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            bound.value.handler.check(bound.value.context)
        }
    }

    func read(context: ChannelHandlerContext) {
        isWaiting = true
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isWaiting = false
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        // What came in the period before counts as if it were enough, so that none is judged by a part of one.
        case .head: (isBodyComing, received) = (true, pace.leastBytes)
        case .body(let bytes): received += bytes.readableBytes
        case .end: isBodyComing = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        unsent += 1
        promise.futureResult.whenComplete { _ in
            bound.value.unsent -= 1
            bound.value.sent += 1
        }
        context.write(data, promise: promise)
    }

    private func check(_ context: ChannelHandlerContext) {
        stalls = unsent > 0 && sent == 0 ? stalls + 1 : 0
        if isBodyComing && isWaiting && received < pace.leastBytes || stalls >= pace.mostStalls {
            context.close(promise: nil)
        }
        (received, sent) = (0, 0)
    }
}
