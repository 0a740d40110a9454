import CloudCore

/// A guest's screen, keyboard and mouse: bytes of the remote framebuffer protocol (RFC 6143), in order, either way.
public protocol Screen: Sendable {
    /// What the guest sends next, at most 64 KiB; nil when it has gone or this was closed. One caller at a time.
    func read() async throws(CloudError) -> [UInt8]?
    /// Returns when the bytes have been taken, so that nobody runs ahead of the guest.
    func write(_ bytes: [UInt8]) async throws(CloudError)
    /// Ends it, and with it every wait for bytes. Harmless when it has ended.
    func close()
}

/// Where the consoles of servers are opened, or why nowhere.
public enum ConsoleAccess: Hashable, Sendable {
    /// The address of the pages, without a slash at the end: an origin that nothing else is served from.
    case at(origin: String)
    case none(why: String)
}

/// A console that a token has opened.
public struct OpenConsole: Sendable {
    public let server: ID<Server>
    public let screen: any Screen
    /// Whether it may stay open: the server is there, and whoever opened it may still use it.
    public let isAllowed: @Sendable () async -> Bool

    public init(server: ID<Server>, screen: any Screen, isAllowed: @escaping @Sendable () async -> Bool) {
        (self.server, self.screen, self.isAllowed) = (server, screen, isAllowed)
    }
}
