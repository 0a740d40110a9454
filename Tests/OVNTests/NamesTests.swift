import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct NamesTests {
        /// A port with a name, and an IPv6 address where asked for.
        private static func named(_ number: Int, _ host: Int, _ name: String, sixth: Bool = false) -> PortSpec {
            var port = Lab.port(number, host)
            if sixth {
                port.addresses.append(
                    PortAddress(
                        subnet: ID("\(number)0000000-0000-4000-8000-0000000000bb"),
                        address: IPAddress("fd00:\(number)::\(host)")!))
            }
            (port.hostName, port.domain) = (name, "akashi.internal")
            port.names = Set(port.addresses.map { HostRecord(name: name, address: $0.address) })
            return port
        }

        @Test func namesResolveOnTheirOwnNetworkOnly() async throws {
            try await Lab.with { lab in
                for number in [1, 2] { try await lab.fabric.ensureNetwork(Lab.network(number)) }
                let asker = try await Peer.make(lab, Self.named(1, 11, "asker"))
                let stranger = try await Peer.make(lab, Lab.port(2, 11))
                let web = Self.named(1, 12, "web", sixth: true)
                try await lab.fabric.ensurePort(web)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await asker.look("web.akashi.internal") == ["10.0.0.12"])
                #expect(try await asker.look("WEB") == ["10.0.0.12"])
                #expect(try await asker.look("web.akashi.internal", "AAAA") == ["fd00:1::12"])
                #expect(try await asker.look("12.0.0.10.in-addr.arpa", "PTR") == ["web.akashi.internal"])
                let reverse = Names.reverse(IPAddress("fd00:1::12")!)
                #expect(try await asker.look(reverse, "PTR") == ["web.akashi.internal"])
                // A name of ours without such an address: an answer, and an empty one.
                #expect(try await asker.look("asker", "AAAA") == [])
                #expect(try await asker.look("nobody.akashi.internal") == nil)
                #expect(try await stranger.look("web.akashi.internal") == nil)

                try await lab.fabric.ensurePort(Self.named(1, 12, "shop"))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await asker.look("shop") == ["10.0.0.12"])
                #expect(try await asker.look("web") == nil)
                try await lab.fabric.removePort(web.id)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await asker.look("shop") == nil)
                #expect(lab.incidents.all.isEmpty)
            }
        }

        /// CVE-2025-0650: on a network with names, packets from port 53 passed every rule.
        @Test func whatComesFromPort53PassesNoRuleForThat() async throws {
            try await Lab.with { lab in
                let closed = Lab.group(1, [Lab.rule(ingress: false)])
                try await lab.fabric.ensureGroup(closed)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let attacker = try await Peer.make(lab, Self.named(1, 11, "attacker"))
                var spec = Self.named(1, 12, "victim")
                spec.groups = [closed.id]
                let victim = try await Peer.make(lab, spec)
                let body = Array("NO-RULE-ALLOWS".utf8)
                let frames = [53, 54].map {
                    Frames.ethernet(
                        attacker.port.mac.text, victim.port.mac.text, 0x800,
                        Frames.udp("10.0.0.11", "10.0.0.12", $0, 9999, body))
                }
                async let seen = Frames.receive(victim.namespace, seconds: 1)
                try await Task.sleep(for: .milliseconds(100))
                try await Frames.send(frames, from: attacker.namespace)
                #expect(try await !seen.contains { String(decoding: $0, as: UTF8.self).contains("NO-RULE-ALLOWS") })
                #expect(try await victim.look("attacker") == ["10.0.0.11"])
            }
        }

        @Test func dhcpTellsNamesServersAndWhatAPortIsToldAlone() async throws {
            try await Lab.with { lab in
                var network = Lab.network(1, dns: ["10.0.0.2"])
                network.domain = "akashi.internal"
                network.subnets[0].timeServers = [IPAddress("192.0.2.123")!]
                try await lab.fabric.ensureNetwork(network)
                var spec = Self.named(1, 11, "web")
                let peer = try await Peer.make(lab, spec, address: false)
                let plain = try #require(try await DHCPClient.offer(peer))
                #expect(plain.options[6] == [10, 0, 0, 2])
                #expect(plain.options[12] == Array("web".utf8))
                #expect(plain.options[15] == Array("akashi.internal".utf8))
                #expect(plain.options[42] == [192, 0, 2, 123])

                let wishes: [(String, String)] = [
                    ("bootfile-name", "a, b = c {x} $y"), ("tftp-server", "10.0.0.9"), ("mtu", "1300"),
                    ("domain-search", "a.example,b.example"), ("ip-forward-enable", "1"),
                    ("ntp-server", "10.0.0.7,10.0.0.8"),
                    ("classless-static-route", "10.8.0.0/16,10.0.0.8"), ("server-ip-address", "10.0.0.6"),
                    ("path-prefix", "x"), ("lease-time", "600"),
                ]
                for (name, value) in wishes {
                    spec.options.append(
                        try DHCPOption(json: ["opt_name": .string(name), "opt_value": .string(value)]))
                }
                spec.told = network
                try await lab.fabric.ensurePort(spec)
                try await lab.fabric.settle(on: lab.host)
                let told = try #require(try await DHCPClient.offer(peer))
                #expect(told.options[67] == Array("a, b = c {x} $y".utf8))
                #expect(told.options[66] == Array("10.0.0.9".utf8))
                #expect(told.options[26] == [5, 20])
                #expect(told.options[119] != nil && told.options[19] == [1])
                #expect(told.options[42] == [10, 0, 0, 7, 10, 0, 0, 8])
                #expect(told.options[121] == [16, 10, 8, 10, 0, 0, 8])
                #expect(told.options[51] == [0, 0, 2, 88])
                #expect(told.options[15] == Array("akashi.internal".utf8))

                spec.options = []
                spec.told = nil
                try await lab.fabric.ensurePort(spec)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await DHCPClient.offer(peer)?.options == plain.options)
                #expect(lab.incidents.all.isEmpty)
            }
        }
    }
}

extension Peer {
    /// What DNS answers, asked of 10.0.0.2: nil where nobody answers within a second.
    func look(_ name: String, _ type: String = "A") async throws -> [String]? {
        let script = """
            import ipaddress, socket, struct, sys
            name, kind = sys.argv[1], {"A": 1, "AAAA": 28, "PTR": 12}[sys.argv[2]]
            labels = lambda text: b"".join(bytes([len(l)]) + l.encode() for l in text.split(".")) + b"\\0"
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
            question = labels(name) + struct.pack("!HH", kind, 1)
            s.sendto(struct.pack("!6H", 7, 256, 1, 0, 0, 0) + question, ("10.0.0.2", 53))
            try: data = s.recv(2048)
            except OSError: sys.exit(3)
            count, place = struct.unpack("!H", data[6:8])[0], 12 + len(question)
            for _ in range(count):
                place += 2 if data[place] >= 192 else len(labels(name))
                size = struct.unpack("!H", data[place + 8:place + 10])[0]
                body, place = data[place + 10:place + 10 + size], place + 10 + size
                if kind != 12: print(ipaddress.ip_address(body)); continue
                out = []
                while body[0]: out.append(body[1:body[0] + 1].decode()); body = body[body[0] + 1:]
                print(".".join(out))
            """
        // Whoever answers DHCP answers ARP too, or nothing would be sent.
        let result = try await Command.end(
            namespace.enter(["python3", "-c", script, name, type]), timeout: .seconds(10))
        if result.code == 3 { return nil }
        guard result.code == 0 else { throw CloudError.fault("the question failed: \(result)") }
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
