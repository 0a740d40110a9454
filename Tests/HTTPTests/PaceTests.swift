import CloudHTTP
import CloudHost
import CloudLocal
import Foundation
import Glibc
import Testing

/// A client that does as slowly as it can.
private final class Dawdler: @unchecked Sendable {
    private let file: Int32

    init(_ base: String, receiveBuffer: Int32? = nil) throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer { setsockopt(file, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(base.split(separator: ":").last!)!).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(file, $0, size) }
        }
        try #require(result == 0)
    }
    deinit { close(file) }

    /// False where the server has hung up.
    func say(_ text: String) -> Bool {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return send(file, text, text.utf8.count, flags) > 0 || errno == EAGAIN
    }

    /// Whether the server has hung up.
    var isCut: Bool {
        var byte: UInt8 = 0
        let count = recv(file, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        return count == 0 || count < 0 && errno != EAGAIN
    }

    func isCut(within seconds: Double, saying text: String? = nil) async throws -> Bool {
        for _ in 0..<Int(seconds * 20) {
            if let text, !say(text) { return true }
            if isCut { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}

@Suite("Clients that dawdle", .serialized)
struct PaceTests {
    private static var quick: Pace {
        var pace = Pace()
        (pace.period, pace.leastBytes, pace.mostOfAddress) = (.milliseconds(400), 1024, 8)
        return pace
    }
    private static let post = "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"

    @Test("a body that trickles is cut, one that flows is not")
    func bodies() async throws {
        try await serve(pace: Self.quick) { base, _ in
            let (slow, honest) = (try Dawdler(base), try Dawdler(base))
            _ = slow.say(Self.post)
            _ = honest.say(Self.post)
            async let honestIsCut = honest.isCut(within: 2, saying: String(repeating: " ", count: 200))
            #expect(try await slow.isCut(within: 3, saying: " "))
            #expect(try await !honestIsCut)
        }
    }

    @Test("a connection that waits between requests is left alone")
    func idle() async throws {
        try await serve(pace: Self.quick) { base, _ in
            let client = try Dawdler(base)
            _ = client.say("GET /identity/v3 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await !client.isCut(within: 2))
        }
    }

    @Test("an answer that nobody takes is given up")
    func answers() async throws {
        try await serve(pace: Self.quick) { base, _ in
            let client = try Dawdler(base, receiveBuffer: 4096)
            // Many answers on one connection, more than all buffers between hold.
            let ask = String(repeating: "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", count: 400)
            _ = client.say(ask)
            var isCut = false
            for _ in 0..<100 where !isCut {
                try await Task.sleep(for: .milliseconds(50))
                // What has come is never read, so that only an error tells.
                isCut = !client.say("G")
            }
            #expect(isCut)
        }
    }

    @Test("an address has so many connections and no more, and gets them back")
    func connections() async throws {
        try await serve(pace: Self.quick) { base, _ in
            var clients: [Dawdler] = []
            for _ in 0..<12 { clients.append(try Dawdler(base)) }
            try await Task.sleep(for: .milliseconds(200))
            #expect(clients.filter(\.isCut).count == 4)
            clients = []
            try await Task.sleep(for: .milliseconds(200))
            let again = try Dawdler(base)
            #expect(try await !again.isCut(within: 0.5))
        }
    }

    @Test("a HEAD is answered without a body, whatever it is about")
    func head() async throws {
        try await serve { base, _ in
            let heard = try await Command.end(["curl", "-sS", "-m", "20", "-I", base + "/openapi.json"]).output
            let text = String(decoding: heard, as: UTF8.self).lowercased()
            #expect(text.hasPrefix("http/1.1 200") && text.hasSuffix("\r\n\r\n"))
        }
    }
}
