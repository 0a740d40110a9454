import CloudCompute
import NIOCore
import NIOWebSocket
import Synchronization

/// Carries bytes between a browser and a guest's screen until one of them goes, or the right to it does. Neither side
/// is read faster than the other takes.
struct ConsoleRelay {
    typealias Outbound = NIOAsyncChannelOutboundWriter<WebSocketFrame>
    private struct Ending: Sendable {
        /// Nil where the browser has ended it.
        var code: WebSocketErrorCode?
        var why = ""
    }

    let console: OpenConsole
    let limits: ConsoleServer.Limits

    func run(_ channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>) async {
        let heard = Heard()
        try? await channel.executeThenClose { inbound, outbound in
            await withTaskGroup(of: Ending.self) { group in
                group.addTask { await take(inbound, outbound, heard) }
                group.addTask { await give(outbound) }
                group.addTask { await watch(channel.channel, heard) }
                let ending = await group.next() ?? Ending()
                console.screen.close()
                group.cancelAll()
                // Not awaited: a browser that does not read must not keep its console.
                if let code = ending.code {
                    channel.channel.writeAndFlush(Self.closing(code, ending.why), promise: nil)
                }
            }
        }
        console.screen.close()
    }

    /// From the browser to the guest.
    private func take(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>, _ outbound: Outbound, _ heard: Heard
    ) async -> Ending {
        do {
            for try await frame in inbound {
                heard.note()
                // RFC 6455, 5.1 and 5.2: a browser's frames are masked, and nobody has agreed on what the bits mean.
                guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
                    return Ending(code: .protocolError)
                }
                var data = frame.unmaskedData
                switch frame.opcode {
                // What is one message does not matter to a stream of bytes.
                case .binary, .continuation:
                    let bytes = data.readBytes(length: data.readableBytes) ?? []
                    if !bytes.isEmpty { try await console.screen.write(bytes) }
                case .ping: try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: data))
                case .pong: break
                case .connectionClose: return Ending(code: .normalClosure)
                default: return Ending(code: .unacceptableData, why: "only binary frames are taken")
                }
            }
        } catch {}
        return Ending()
    }

    /// From the guest to the browser.
    private func give(_ outbound: Outbound) async -> Ending {
        do {
            while let bytes = try await console.screen.read() {
                try await outbound.write(WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes)))
            }
        } catch {}
        return Ending(code: .goingAway, why: "the server's console has ended")
    }

    /// Ends what may not or need not go on.
    private func watch(_ channel: any Channel, _ heard: Heard) async -> Ending {
        let began = ContinuousClock.now
        var asked = began
        while !Task.isCancelled {
            try? await Task.sleep(for: limits.check)
            let now = ContinuousClock.now
            if now - heard.last > limits.silence { return Ending(code: .goingAway, why: "nothing was heard") }
            if now - began > limits.life { return Ending(code: .goingAway, why: "it was open long enough") }
            if now - asked >= limits.ping {
                asked = now
                channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()), promise: nil)
            }
            guard await console.isAllowed() else {
                return Ending(code: .policyViolation, why: "the right to this console has gone")
            }
        }
        return Ending(code: .goingAway, why: "consoles are being restarted")
    }

    private static func closing(_ code: WebSocketErrorCode, _ why: String) -> WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(why)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}

/// When the browser was last heard.
private final class Heard: Sendable {
    private let moment = Mutex(ContinuousClock.now)
    var last: ContinuousClock.Instant { moment.withLock { $0 } }
    func note() { moment.withLock { $0 = .now } }
}
