import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// What Akashi's API is measured against: Hummingbird with routes that do nothing but answer so many bytes.
///
/// Usage: `bench-peer PORT [CERTIFICATE KEY] SIZE...`; the route of a size is its number. Threads, TLS and limits are
/// as Akashi has them, so the difference is what Akashi does.
@main
struct Peer {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let port = words.first.flatMap(Int.init) else { return print("usage: bench-peer PORT [CERTIFICATE KEY] SIZE...") }
        let files = words.dropFirst().filter { Int($0) == nil }
        let router = Router()
        for size in Set(words.dropFirst().compactMap(Int.init)) {
            let bytes = ByteBuffer(repeating: UInt8(ascii: "x"), count: size)
            router.get("/\(size)") { _, _ in
                Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: bytes))
            }
        }
        let plain = HTTPServerBuilder.http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(75)))
        let application = Application(
            router: router, server: files.count == 2 ? try secured(plain, files[0], files[1]) : plain,
            configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil, backlog: 1024),
            onServerRunning: { _ in
                print("ready")
                fflush(nil)
            }, logger: Logger(label: "peer") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }

    private static func secured(
        _ plain: HTTPServerBuilder, _ certificate: String, _ key: String
    ) throws -> HTTPServerBuilder {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        tls.minimumTLSVersion = .tlsv12
        tls.cipherSuites = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
        tls.applicationProtocols = ["http/1.1"]
        return try .tls(plain, tlsConfiguration: tls)
    }
}
