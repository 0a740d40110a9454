import CloudCore
import CloudHTTP
import CloudHost
import CloudLocal
import CloudServices
import CloudSim
import Foundation
import Logging
import Testing

/// A cloud of simulated parts behind the real server.
func serve<T: Sendable>(
    tls: Bool = false, pace: Pace = Pace(),
    _ body: @escaping @Sendable (_ base: String, _ authority: String) async throws -> T
) async throws -> T {
    let port = Int.random(in: 20_000...32_000)
    let base = "\(tls ? "https" : "http")://127.0.0.1:\(port)"
    let directory = NSTemporaryDirectory() + "akashi-http-" + UUID().uuidString
    let authority = try Authority(directory: directory)
    if tls { try await authority.ensure(names: ["127.0.0.1"]) }
    let world = SimWorld(seed: 1)
    let cloud = Cloud(
        world.ports, Settings(base: base, region: "jp1", firstUID: 1, engine: "test")
    ) { _, _ in }
    try await cloud.begin()
    let server = HTTPServer(
        cloud.api, address: "127.0.0.1", port: port,
        identity: tls ? .init(certificate: authority.certificate, key: authority.key) : nil,
        logger: Logger(label: "test"), pace: pace)
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    let task = Task { try await server.run { isReady.yield(()) } }
    defer { task.cancel() }
    for await _ in ready { break }
    return try await body(base, authority.root)
}

private func curl(_ arguments: String...) async throws -> String {
    try await Command.end(["curl", "-sS", "-m", "20", "-w", "\n%{http_code}"] + arguments).output.text
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

@Suite("The API over HTTP", .serialized)
struct HTTPServerTests {
    @Test("serves version documents to anyone, and says who must log in")
    func versions() async throws {
        try await serve { base, _ in
            let versions = try await curl(base + "/identity/v3")
            #expect(versions.contains("\"v3.14\"") && versions.hasSuffix("\n200"))
            let refused = try await curl("-D", "-", base + "/network/v2.0/networks")
            #expect(refused.hasSuffix("\n401") && refused.lowercased().contains("www-authenticate: keystone"))
        }
    }

    @Test("reads no identity from headers that proxies use")
    func forgedHeaders() async throws {
        try await serve { base, _ in
            let said = try await curl(
                "-H", "X-User-Id: admin", "-H", "X-Roles: admin", "-H", "X-Project-Id: x", "-H",
                "X-Is-Admin-Project: True",
                "-H", "X-Identity-Status: Confirmed", "-H", "X-Forwarded-For: 127.0.0.1", base + "/identity/v3/users")
            #expect(said.hasSuffix("\n401"))
        }
    }

    @Test("bounds bodies and headers, and answers what is malformed with 400")
    func bounds() async throws {
        try await serve { base, _ in
            let directory = NSTemporaryDirectory()
            let large = directory + "akashi-large-" + UUID().uuidString
            try Files.write([UInt8](repeating: 0x20, count: 2 << 20), to: large)
            defer { try? Files.remove(large) }
            #expect(
                try await curl("-X", "POST", "--data-binary", "@" + large, base + "/identity/v3/auth/tokens").hasSuffix(
                    "\n413"))
            #expect(
                try await curl(
                    "-X", "POST", "-H", "Transfer-Encoding: chunked", "--data-binary", "@" + large,
                    base + "/identity/v3/auth/tokens"
                ).hasSuffix("\n413"))
            #expect(
                try await curl(
                    "-X", "POST", "-d", "{", "-H", "Content-Type: application/json", base + "/identity/v3/auth/tokens"
                ).hasSuffix("\n400"))
            #expect(try await curl(base + "/identity/v3?a=%zz").hasSuffix("\n400"))
            let header = "X-Auth-Token: " + String(repeating: "a", count: 20_000)
            #expect(try await !curl("-H", header, base + "/identity/v3").hasSuffix("\n200"))
            #expect(try await curl("-X", "BREW", base + "/identity/v3").hasSuffix("\n400"))
        }
    }

    @Test("C094: speaks TLS 1.2 and 1.3 with AES-GCM alone, under the installation's own authority")
    func tls() async throws {
        try await serve(tls: true) { base, root in
            #expect(try await curl("--cacert", root, base + "/identity/v3").hasSuffix("\n200"))
            #expect(try await curl(base + "/identity/v3").hasSuffix("\n000"), "an unknown authority is not trusted")
            for version in ["1.0", "1.1"] {
                let said = try await curl(
                    "--cacert", root, "--tlsv" + version, "--tls-max", version, base + "/identity/v3")
                #expect(said.hasSuffix("\n000"), "TLS \(version)")
            }
            let weak = try await curl(
                "--cacert", root, "--tls-max", "1.2", "--ciphers",
                "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA",
                base + "/identity/v3")
            #expect(weak.hasSuffix("\n000"))
        }
    }
}
