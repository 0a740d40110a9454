import CloudCore

/// A request's method (RFC 9110, 9.3): those that the API takes.
public enum Method: String, CaseIterable, Sendable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"

    /// Whether it is only a look (RFC 9110, 9.2.1).
    public var isSafe: Bool { self == .get || self == .head }
}

/// A request as a server hands it over. Header names are in lower case.
public struct Request: Sendable {
    public typealias Stream = any AsyncSequence<[UInt8], any Error> & Sendable

    public var method: Method
    /// Percent-decoding has been left to the router.
    public var path: String
    /// Decoded names and values, in their order.
    public var query: [(name: String, value: String)]
    public var headers: [String: String]
    public var body: Stream
    /// The address of the peer, as the socket says it; never a header's.
    public var remote: String

    public init(
        method: Method, path: String, query: [(name: String, value: String)] = [], headers: [String: String] = [:],
        body: Stream, remote: String
    ) {
        (self.method, self.path, self.query) = (method, path, query)
        (self.headers, self.body, self.remote) = (headers, body, remote)
    }

    /// The first value of a query parameter.
    public subscript(query name: String) -> String? { query.first { $0.name == name }?.value }
}

/// An answer, and how its body is made.
public struct Response: Sendable {
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// So many bytes of a file on this machine, sent as they are read.
        case file(path: String, length: Int)
    }
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: Body

    public init(_ status: Int, headers: [(name: String, value: String)] = [], body: Body = .none) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    public static func json(_ status: Int, _ value: JSON) -> Response { .bytes(status, Array(value.text.utf8)) }

    /// JSON that is written already.
    public static func bytes(_ status: Int, _ json: [UInt8]) -> Response {
        Response(status, headers: [("content-type", "application/json")], body: .bytes(json))
    }

    /// JSON written in place, in the order it is told.
    public static func write(
        _ status: Int, _ body: (inout JSONWriter) throws(CloudError) -> Void
    ) throws(CloudError) -> Response {
        var writer = JSONWriter()
        try writer.object(body)
        return .bytes(status, writer.bytes)
    }
}

/// A body that is there already.
public struct Chunk: AsyncSequence, Sendable {
    let bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public struct Iterator: AsyncIteratorProtocol {
        var rest: [UInt8]?
        public mutating func next() async throws -> [UInt8]? {
            defer { rest = nil }
            return rest
        }
    }
    public func makeAsyncIterator() -> Iterator { Iterator(rest: bytes.isEmpty ? nil : bytes) }
}

extension Request {
    /// The whole body; `tooLarge` beyond `limit` bytes.
    func collect(_ limit: Int) async throws(CloudError) -> [UInt8] {
        if let declared = headers["content-length"].flatMap(Int.init), declared > limit { throw .tooLarge(limit) }
        var out: [UInt8] = []
        do {
            for try await chunk in body {
                guard out.count + chunk.count <= limit else { throw CloudError.tooLarge(limit) }
                out += chunk
            }
        } catch let error as CloudError { throw error } catch {
            throw .invalid("The body could not be read to its end.")
        }
        return out
    }
}

extension CloudError {
    static func tooLarge(_ limit: Int) -> CloudError {
        CloudError(.tooLarge, "The body is larger than \(limit) bytes.")
    }
}
