import CloudCore
import CloudWire
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What a request is answered with besides itself: the peer's address, and who writes to it.
struct Context: RequestContext {
    var coreContext: CoreRequestContextStorage
    let remote: String
    let loop: any EventLoop

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remote = source.channel.remoteAddress?.ipAddress ?? ""
        loop = source.channel.eventLoop
    }
}

/// Turns Hummingbird's requests into the API's, and its answers back.
struct Responder: HTTPResponder {
    let api: API
    private let files = FileIO()

    init(api: API) { self.api = api }

    /// The only headers that reach the API. What proxies use to pass identities on is not among them, so nobody can
    /// forge one.
    private static let known: [HTTPField.Name] = [
        .contentType, .contentLength, .accept, .userAgent, .ifMatch, .ifNoneMatch,
        HTTPField.Name("X-Auth-Token")!, HTTPField.Name("X-Subject-Token")!, HTTPField.Name("OpenStack-API-Version")!,
        HTTPField.Name("X-OpenStack-Nova-API-Version")!,
    ]

    func respond(to request: Hummingbird.Request, context: Context) async throws -> Hummingbird.Response {
        guard let method = CloudWire.Method(rawValue: request.method.rawValue),
            let query = Self.query(request.uri.query)
        else { return Response(status: .badRequest) }
        var headers: [String: String] = [:]
        for name in Self.known {
            if let value = request.headers[name] { headers[name.canonicalName] = value }
        }
        let hasBody = request.headers[.contentLength].map { $0 != "0" } ?? (request.headers[.transferEncoding] != nil)
        let answer = await api.handle(
            CloudWire.Request(
                method: method, path: request.uri.path, query: query, headers: headers,
                body: hasBody ? Chunks(body: request.body) : Chunk([]), remote: context.remote))
        return try await response(answer, isHead: method == .head, context)
    }

    private func response(
        _ answer: CloudWire.Response, isHead: Bool, _ context: Context
    ) async throws -> Hummingbird.Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        let body: ResponseBody
        switch answer.body {
        case .none: body = ResponseBody()
        case .bytes(let bytes): body = isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .file(_, let length) where isHead:
            // A body behind the answer to a HEAD would pass for the next answer on the connection.
            headers[.contentLength] = String(length)
            body = ResponseBody()
        case .file(let path, _): body = try await file(path, context)
        }
        return Hummingbird.Response(status: .init(code: answer.status), headers: headers, body: body)
    }

    /// A file as a body. The connection says that it is full only when it has encrypted what it was given, and files are
    /// read faster than that: so each chunk waits until the one before it is encrypted.
    private func file(_ path: String, _ context: Context) async throws -> ResponseBody {
        let whole = try await files.loadFile(path: path, context: context)
        return ResponseBody(contentLength: whole.contentLength) { [loop = context.loop] writer in
            let paced = writer.map { chunk in
                try await loop.submit {}.get()
                return chunk
            }
            try await whole.write(paced)
        }
    }

    /// A query's names and values; nil where it is not properly encoded.
    private static func query(_ text: String?) -> [(name: String, value: String)]? {
        var out: [(name: String, value: String)] = []
        for part in (text ?? "").utf8.split(separator: UInt8(ascii: "&")).prefix(256) {
            let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(String(sides[0]) ?? "", plusIsSpace: true),
                let value = percentDecoded(sides.count > 1 ? String(sides[1]) ?? "" : "", plusIsSpace: true)
            else { return nil }
            out.append((name, value))
        }
        return out
    }
}

/// A request's body as it comes.
private struct Chunks: AsyncSequence, Sendable {
    let body: RequestBody

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        mutating func next() async throws -> [UInt8]? {
            guard let buffer = try await base.next() else { return nil }
            return Array(buffer.readableBytesView)
        }
    }
    func makeAsyncIterator() -> Iterator { Iterator(base: body.makeAsyncIterator()) }
}
