import NIOCore
import NIOHTTP1

/// The pages of a console: ours, and noVNC's modules. All that is served is in memory under its whole path, so no
/// path leads anywhere else.
struct ConsolePages: Sendable {
    struct Page: Sendable {
        let type: String
        let bytes: ByteBuffer
    }
    private let pages: [String: Page]
    private let origin: String

    init(_ noVNC: [String: [UInt8]], origin: String) {
        self.origin = origin
        var pages = [
            "/console": Page(type: "text/html; charset=utf-8", bytes: ByteBuffer(string: ConsolePage.html)),
            "/console.css": Page(type: "text/css; charset=utf-8", bytes: ByteBuffer(string: ConsolePage.style)),
            "/console.js": Page(type: "text/javascript; charset=utf-8", bytes: ByteBuffer(string: ConsolePage.script)),
        ]
        for (path, bytes) in noVNC where path.hasSuffix(".js") {
            pages["/novnc/" + path] = Page(type: "text/javascript; charset=utf-8", bytes: ByteBuffer(bytes: bytes))
        }
        self.pages = pages
    }

    subscript(_ path: some StringProtocol) -> Page? { pages[String(path)] }

    /// What every answer says. The first line is the second wall behind the page's own care with what guests send:
    /// nothing runs, loads or is called but what came from here.
    func headers(_ page: Page?) -> HTTPHeaders {
        let socket = origin.hasPrefix("https") ? "wss" + origin.dropFirst(5) : "ws" + origin.dropFirst(4)
        return [
            "content-security-policy":
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src \(socket); "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "x-frame-options": "DENY", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store", "content-type": page?.type ?? "text/plain; charset=utf-8",
            "connection": "close",
        ]
    }
}

/// Answers one request with a page, or with why its WebSocket was refused, and closes.
final class PageHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let pages: ConsolePages
    private let ticket: ConsoleTicket
    private var isAnswered = false

    init(_ pages: ConsolePages, _ ticket: ConsoleTicket) { (self.pages, self.ticket) = (pages, ticket) }

    func handlerAdded(context: ChannelHandlerContext) {
        // A request that asked for an upgrade and does not get it is not passed on: it is answered when nothing comes.
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            guard !handler.isAnswered else { return }
            handler.isAnswered = true
            let refusal = handler.ticket.refusal ?? .init(status: 400, why: "This is no WebSocket that is served here.")
            handler.answer(context, nil, refusal.status, nil, ByteBuffer(string: refusal.why + "\n"))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !isAnswered else { return }
        isAnswered = true
        let path = head.uri.prefix { $0 != "?" }
        if head.method != .GET, head.method != .HEAD {
            answer(context, head, 405, nil, ByteBuffer(string: "Only GET and HEAD are taken here.\n"))
        } else if let page = pages[path] {
            answer(context, head, 200, page, page.bytes)
        } else {
            answer(context, head, 404, nil, ByteBuffer(string: "There is nothing at this path.\n"))
        }
    }

    private func answer(
        _ context: ChannelHandlerContext, _ head: HTTPRequestHead?, _ status: Int, _ page: ConsolePages.Page?,
        _ body: ByteBuffer
    ) {
        var headers = pages.headers(page)
        headers.add(name: "content-length", value: String(body.readableBytes))
        if status == 405 { headers.add(name: "allow", value: "GET, HEAD") }
        let response = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head?.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
