import CloudWire
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// Serves the API over HTTP/1.1, with TLS unless it is left out on purpose.
public struct HTTPServer: Sendable {
    /// PEM files of the server's certificate chain and its key.
    public struct Identity: Sendable {
        let certificate: String
        let key: String
        public init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }

        /// How everything that we serve speaks TLS.
        func configuration() throws -> TLSConfiguration {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            tls.minimumTLSVersion = .tlsv12
            // TLS 1.2's: forward secrecy and AES-GCM alone, all on the CRYPTREC list (white paper C094). TLS 1.3's are
            // so anyway.
            tls.cipherSuites = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
            tls.applicationProtocols = ["http/1.1"]
            return tls
        }
    }

    private let api: API
    private let address: String
    private let port: Int
    private let identity: Identity?
    private let logger: Logger
    private let pace: Pace

    /// - Parameters:
    ///   - identity: nil for plain HTTP.
    ///   - pace: what a client may cost the others.
    public init(
        _ api: API, address: String, port: Int, identity: Identity?, logger: Logger, pace: Pace = Pace()
    ) {
        (self.api, self.address, self.port, self.identity, self.logger) = (api, address, port, identity, logger)
        self.pace = pace
    }

    /// Serves until its task is cancelled, then answers what it has begun to.
    public func run(onReady: @escaping @Sendable () async -> Void) async throws {
        let (pace, register) = (pace, Pace.Register())
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [PaceHandler(pace, register)],
                // Ends connections that say nothing, and those whose headers trickle; `Pace` those whose body does.
                idleTimeout: .seconds(75),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16_384, maxHeaderListSize: 65_536, maxHeaderFieldCount: 128)))
        let application = Application(
            responder: Responder(api: api), server: try secured(plain),
            configuration: ApplicationConfiguration(
                address: .hostname(address, port: port), serverName: nil, backlog: 1024, reuseAddress: true,
                availableConnectionsDelegate: MaximumAvailableConnections(4096)),
            onServerRunning: { _ in await onReady() }, logger: logger)
        try await application.run()
    }

    private func secured(_ plain: HTTPServerBuilder) throws -> HTTPServerBuilder {
        guard let identity else { return plain }
        return try .tls(plain, tlsConfiguration: try identity.configuration())
    }
}
