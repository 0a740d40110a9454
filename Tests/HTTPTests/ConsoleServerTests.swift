import CloudCompute
import CloudCore
import CloudHTTP
import CloudHost
import CloudSim
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

/// A console server whose one good token opens a simulated screen.
private final class House: Sendable {
    static let token = String(repeating: "ab", count: 32)
    let port = Int.random(in: 20_000...32_000)
    let opened = Mutex(0)
    let allowed = Mutex(true)
    let screens = Mutex<[SimScreen]>([])
    var origin: String { "http://127.0.0.1:\(port)" }

    func open(_ token: String) throws(CloudError) -> OpenConsole {
        let isFirst = opened.withLock { opened in
            opened += 1
            return opened == 1
        }
        guard token == Self.token, isFirst else { throw CloudError(.forbidden, "It is not valid.") }
        let screen = SimScreen()
        screens.withLock { $0.append(screen) }
        return OpenConsole(server: ID("s"), screen: screen) { self.allowed.withLock { $0 } }
    }
}

private func withHouse(
    limits: ConsoleServer.Limits = .init(), _ body: @escaping @Sendable (House) async throws -> Void
) async throws {
    let house = House()
    let server = try await ConsoleServer.listen(
        address: "127.0.0.1", port: house.port, origin: house.origin, identity: nil,
        noVNC: ["core/rfb.js": Array("export default 1;".utf8), "core/../../secret": [1]], limits: limits,
        logger: Logger(label: "test"))
    let task = Task { try await server.run { (token, _) throws(CloudError) in try house.open(token) } }
    defer { task.cancel() }
    try await body(house)
}

/// A client of few words, on a socket of its own.
private struct Client {
    let file: Int32

    init(_ port: Int) throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let done = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, size) }
        }
        try #require(done == 0)
    }

    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// What comes until the other end closes, five seconds pass, or it holds `text`.
    func receive(until text: String? = nil) -> [UInt8] {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(file, &part, part.count, 0)
            guard count > 0 else { return all }
            all += part.prefix(count)
            if let text, String(decoding: all, as: UTF8.self).contains(text) { return all }
        }
    }

    func upgrade(_ house: House, _ changes: [String: String?] = [:], path: String? = nil) -> String {
        var headers: [String: String?] = [
            "Host": "127.0.0.1:\(house.port)", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "binary", "Origin": house.origin,
        ]
        headers.merge(changes) { $1 }
        let lines = headers.compactMap { name, value in value.map { "\(name): \($0)\r\n" } }.joined()
        send(Array("GET \(path ?? "/websockify?token=" + House.token) HTTP/1.1\r\n\(lines)\r\n".utf8))
        return String(decoding: receive(until: "RFB 003.008\n"), as: UTF8.self)
    }

    /// A frame as a browser sends it: masked.
    func frame(_ opcode: UInt8, _ bytes: [UInt8], isMasked: Bool = true) {
        let mask: [UInt8] = [1, 2, 3, 4]
        let body = isMasked ? mask + bytes.enumerated().map { $1 ^ mask[$0 % 4] } : bytes
        send([0x80 | opcode, UInt8(bytes.count) | (isMasked ? 0x80 : 0)] + body)
    }
}

private func curl(_ arguments: String...) async throws -> String {
    let done = try await Command.end(["curl", "-sS", "-m", "20", "--path-as-is", "-D", "-"] + arguments)
    return String(decoding: done.output, as: UTF8.self)
}

@Suite("ATTACKS 22: consoles over HTTP and WebSockets", .serialized)
struct ConsoleServerTests {
    @Test("bytes pass both ways, and the end of either side is the end of both")
    func relays() async throws {
        try await withHouse { house in
            let client = try Client(house.port)
            defer { close(client.file) }
            let said = client.upgrade(house)
            #expect(said.hasPrefix("HTTP/1.1 101") && said.contains("sec-websocket-protocol: binary"), "\(said)")
            client.frame(2, Array("hello".utf8))
            #expect(client.receive(until: "hello") == [0x82, 5] + Array("hello".utf8))
            client.frame(9, [7])
            #expect(client.receive(until: "\u{7}") == [0x8a, 1, 7])
            house.screens.withLock { $0[0] }.close()
            #expect(client.receive().starts(with: [0x88]))
            let again = try Client(house.port)
            defer { close(again.file) }
            #expect(again.upgrade(house).hasPrefix("HTTP/1.1 403"), "a token is used up")
        }
    }

    @Test("a browser that goes closes the screen")
    func leaves() async throws {
        try await withHouse { house in
            let client = try Client(house.port)
            #expect(client.upgrade(house).hasPrefix("HTTP/1.1 101"))
            close(client.file)
            let screen = house.screens.withLock { $0[0] }
            for _ in 0..<1000 where (try? await screen.write([1])) != nil {
                try await Task.sleep(for: .milliseconds(5))
            }
            await #expect(throws: CloudError.self) { try await screen.write([1]) }
        }
    }

    @Test("frames that no browser sends end the console", arguments: [0, 1, 2])
    func malformed(_ which: Int) async throws {
        try await withHouse { house in
            let client = try Client(house.port)
            defer { close(client.file) }
            #expect(client.upgrade(house).hasPrefix("HTTP/1.1 101"))
            switch which {
            case 0: client.frame(2, [1], isMasked: false)
            case 1: client.frame(1, Array("text".utf8))
            // A frame that says it is 2⁶² bytes long.
            default: client.send([0x82, 0xff, 0x40] + [UInt8](repeating: 0, count: 7) + [1, 2, 3, 4])
            }
            #expect(client.receive().starts(with: [0x88]))
            #expect(try await house.screens.withLock { $0[0] }.read() == nil)
        }
    }

    @Test("a console closes when its right goes, and when nothing is heard of its browser")
    func ends() async throws {
        var limits = ConsoleServer.Limits()
        limits.check = .milliseconds(50)
        try await withHouse(limits: limits) { house in
            let client = try Client(house.port)
            defer { close(client.file) }
            #expect(client.upgrade(house).hasPrefix("HTTP/1.1 101"))
            house.allowed.withLock { $0 = false }
            #expect(String(decoding: client.receive(), as: UTF8.self).contains("right"))
        }
        limits.silence = .milliseconds(100)
        try await withHouse(limits: limits) { house in
            let client = try Client(house.port)
            defer { close(client.file) }
            #expect(client.upgrade(house).hasPrefix("HTTP/1.1 101"))
            #expect(String(decoding: client.receive(), as: UTF8.self).contains("nothing was heard"))
        }
    }

    @Test("whoever is not on the console's own page is refused before anything is looked up")
    func origins() async throws {
        try await withHouse { house in
            let bad: [[String: String?]] = [
                ["Origin": "https://evil.example"], ["Origin": nil], ["Origin": "null"],
                ["Origin": house.origin + ".evil"],
                ["Origin": "http://localhost:\(house.port)"], ["Origin": house.origin + "/"],
                ["Sec-WebSocket-Protocol": nil], ["Sec-WebSocket-Protocol": "base64"],
            ]
            for changes in bad {
                let client = try Client(house.port)
                defer { close(client.file) }
                let said = client.upgrade(house, changes)
                #expect(said.hasPrefix("HTTP/1.1 403"), "\(changes): \(said)")
            }
            for path in ["/websockify", "/websockify?", "/websockify?other=1"] {
                let client = try Client(house.port)
                defer { close(client.file) }
                #expect(client.upgrade(house, path: path).hasPrefix("HTTP/1.1 403"), "\(path)")
            }
            for path in ["/", "//websockify?token=" + House.token, "/console?token=" + House.token] {
                let client = try Client(house.port)
                defer { close(client.file) }
                #expect(client.upgrade(house, path: path).hasPrefix("HTTP/1.1 404"), "\(path)")
            }
            for changes in [["Upgrade": "h2c"], ["Sec-WebSocket-Key": nil], ["Sec-WebSocket-Version": "8"]] {
                let client = try Client(house.port)
                defer { close(client.file) }
                #expect(client.upgrade(house, changes).hasPrefix("HTTP/1.1 400"), "\(changes)")
            }
            #expect(house.opened.withLock { $0 } == 0)
            let client = try Client(house.port)
            defer { close(client.file) }
            #expect(client.upgrade(house, path: "/websockify?token=wrong").hasPrefix("HTTP/1.1 403"))
        }
    }

    @Test("what is served is on a list, and says that nothing else may run beside it")
    func pages() async throws {
        try await withHouse { house in
            let page = try await curl(house.origin + "/console")
            #expect(page.hasPrefix("HTTP/1.1 200") && page.contains("console.js"))
            for line in [
                "content-security-policy: default-src 'none'; script-src 'self';", "frame-ancestors 'none'",
                "x-frame-options: DENY", "referrer-policy: no-referrer", "x-content-type-options: nosniff",
                "cache-control: no-store", "connect-src ws://127.0.0.1:\(house.port);",
            ] { #expect(page.contains(line), "\(line)") }
            #expect(try await curl(house.origin + "/novnc/core/rfb.js").contains("export default"))
            for path in [
                "/novnc/core/../../../etc/passwd", "/novnc/core/..%2f..%2fsecret", "/novnc/core/../../secret",
                "//etc/passwd", "/novnc/", "/novnc/core", "/novnc/core/rfb.js/", "/%2e%2e/etc/passwd", "/console/..",
                "/novnc/core/rfb.js%00.html",
            ] {
                let said = try await curl(house.origin + path)
                #expect(said.hasPrefix("HTTP/1.1 404") && !said.contains("location:"), "\(path): \(said)")
            }
            #expect(try await curl("-X", "POST", "-d", "x", house.origin + "/console").hasPrefix("HTTP/1.1 405"))
            let head = try await curl("-I", house.origin + "/console")
            #expect(head.hasPrefix("HTTP/1.1 200") && !head.contains("<html"))
        }
    }

    @Test("there is room for so many, and whoever says nothing does not keep it")
    func bounded() async throws {
        var limits = ConsoleServer.Limits()
        (limits.connections, limits.consoles, limits.request) = (3, 0, .milliseconds(300))
        try await withHouse(limits: limits) { house in
            let full = try Client(house.port)
            defer { close(full.file) }
            #expect(full.upgrade(house).hasPrefix("HTTP/1.1 503"))
            let silent = try (0..<3).map { _ in try Client(house.port) }
            defer { for client in silent { close(client.file) } }
            let late = try Client(house.port)
            defer { close(late.file) }
            #expect(late.upgrade(house) == "", "the fourth is not served")
            for client in silent { #expect(client.receive().isEmpty) }
            #expect(try await curl(house.origin + "/console").hasPrefix("HTTP/1.1 200"))
        }
    }
}
