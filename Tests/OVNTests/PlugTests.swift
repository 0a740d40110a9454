import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct PlugTests {
        static let uid = 64_099

        @Test func ensuringTwiceChangesNothingAndWhatIsOursIsListed() async throws {
            try await Lab.with { lab in
                let (network, port) = (Lab.network(1), Lab.port(1, 11))
                let fabric = lab.fabric
                func ensureAll() async throws -> Duration {
                    let start = ContinuousClock.now
                    try await fabric.ensureNetwork(network)
                    let middle = ContinuousClock.now
                    try await fabric.ensurePort(port)
                    let device = try await fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                    let plugged = ContinuousClock.now
                    try await fabric.settle(on: lab.host)
                    #expect(device.utf8.count == 15)
                    print(
                        "network \(middle - start), port and plug \(plugged - middle), settle \(ContinuousClock.now - plugged)"
                    )
                    return ContinuousClock.now - middle
                }
                let fresh = try await ensureAll()
                #expect(fresh < .milliseconds(500))
                // northd notes a little later that the port is up.
                try await Task.sleep(for: .milliseconds(200))
                let before = try await Self.rows(lab)
                let index = try await Self.index(lab, port.id)
                let again = try await ensureAll()
                #expect(again < .milliseconds(300))
                #expect(try await Self.rows(lab) == before)
                #expect(try await Self.index(lab, port.id) == index)

                let other = Lab.port(1, 12)
                try await fabric.ensurePort(other)
                #expect(try await fabric.networks() == [network.id])
                #expect(try await fabric.ports() == [port.id, other.id])
                #expect(try await fabric.plugs(on: lab.host) == [port.id])
                await #expect(throws: CloudError.self) { try await fabric.plugs(on: HostName("elsewhere")) }

                for _ in 1...2 {
                    try await fabric.removePlug(port.id, on: lab.host)
                    try await fabric.removePort(port.id)
                }
                #expect(try await fabric.plugs(on: lab.host).isEmpty)
                #expect(try await Self.index(lab, port.id) == nil)
                #expect(try await fabric.ports() == [other.id])
                for _ in 1...2 { try await fabric.removeNetwork(network.id) }
                #expect(try await fabric.networks().isEmpty)
                #expect(try await fabric.ports().isEmpty)
                try await fabric.settle(on: lab.host)
            }
        }

        @Test func aPortComesAfterItsNetworkAndManyComeAtOnce() async throws {
            try await Lab.with { lab in
                let error = await #expect(throws: CloudError.self) { try await lab.fabric.ensurePort(Lab.port(1, 11)) }
                #expect(error?.code == .unavailable)
                try await withThrowingTaskGroup { group in
                    for _ in 1...4 { group.addTask { try await lab.fabric.ensureNetwork(Lab.network(1)) } }
                    try await group.waitForAll()
                }
                let start = ContinuousClock.now
                try await withThrowingTaskGroup { group in
                    for host in 11...40 {
                        group.addTask {
                            try await lab.fabric.ensurePort(Lab.port(1, host))
                            _ = try await lab.fabric.ensurePlug(
                                Lab.port(1, host).id, uid: Self.uid, mtu: 1442, on: lab.host)
                            try await lab.fabric.settle(on: lab.host)
                        }
                    }
                    try await group.waitForAll()
                }
                print("30 ports at once: \(ContinuousClock.now - start)")
                #expect(try await lab.fabric.plugs(on: lab.host).count == 30)
            }
        }

        @Test func plugsAreThereAgainAfterAReboot() async throws {
            try await Lab.with { lab in
                let port = Lab.port(1, 11)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                try await lab.fabric.ensurePort(port)
                let device = try await lab.fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await Self.answersARP(lab, port))
                // A reboot ends the daemons and the namespace; the databases stay.
                try await lab.runtime.stop()
                try await lab.runtime.namespace.remove()
                let next = lab.successor()
                try await next.runtime.start()
                for _ in 1...4 {
                    #expect(try await next.fabric.plugs(on: lab.host) == [port.id])
                    _ = try await next.fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                    try await next.fabric.settle(on: lab.host)
                    #expect(try await Self.answersARP(next, port))
                    // From the second time on, only the device was lost.
                    try await Inside.run(next.runtime.namespace) { () throws(CloudError) in try Tap.remove(device) }
                }
                // A device without a row goes away at the next start.
                await next.runtime.release()
                try await Inside.run(next.runtime.namespace) { () throws(CloudError) in
                    try Tap.ensure("tstray", uid: 0, mtu: 1442)
                }
                let last = next.successor()
                try await last.runtime.start()
                #expect(
                    try await Inside.run(last.runtime.namespace) { () throws(CloudError) in try Tap.mtu("tstray") }
                        == nil)
                try await last.runtime.stop()
            }
        }

        @Test func aPortThatIsDownSettlesToo() async throws {
            try await Lab.with { lab in
                let port = Lab.port(1, 11, up: false)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                try await lab.fabric.ensurePort(port)
                _ = try await lab.fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await !Self.answersARP(lab, port))
                try await lab.fabric.ensurePort(Lab.port(1, 11))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await Self.answersARP(lab, port))
            }
        }

        /// Asks once for the DHCP server's hardware address through the port's tap.
        private static func answersARP(_ lab: Lab, _ port: PortSpec) async throws -> Bool {
            let device = Plug.device(of: port.id)
            let none = "00:00:00:00:00:00"
            let question = Frames.ethernet(
                port.mac.text, "ff:ff:ff:ff:ff:ff", 0x806,
                Frames.arp(1, port.mac.text, port.addresses[0].address.description, none, "10.0.0.2"))
            return try await Inside.run(lab.runtime.namespace) { () throws(CloudError) in
                try Tap.ask(device, question) { $0.count > 41 && $0[12..<14] == [8, 6] && $0[21] == 2 }
            }
        }

        @Test func aRealGuestGetsItsAddressByDHCPOnATapOfItsOwn() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let peer = try await Peer.make(lab, Lab.port(1, 11))
                let port = Lab.port(1, 50)
                try await lab.fabric.ensurePort(port)
                let device = try await lab.fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                try await lab.fabric.settle(on: lab.host)
                let console = lab.dirs.logs + "/guest.log"
                let guest = try Spawn.detached(
                    lab.runtime.namespace.enter(try await Self.guest(device, port.mac)),
                    environment: Spawn.plainEnvironment, log: console)
                var text = ""
                for _ in 1...150 where guest.isAlive && !text.contains("eth0 lease") {
                    try await Task.sleep(for: .milliseconds(100))
                    text = String(decoding: try Files.readTail(console, limit: 65_536), as: UTF8.self)
                }
                let lease = text.split(whereSeparator: \.isNewline).first { $0.contains("eth0 lease") }
                print(lease ?? "\(text.suffix(1000))")
                #expect(lease?.contains("10.0.0.50/24") == true)
                #expect(try await peer.reaches("10.0.0.50", count: 3))
                // The tap is open now: ensuring it again must not disturb, and removing it must work all the same.
                _ = try await lab.fabric.ensurePlug(port.id, uid: Self.uid, mtu: 1442, on: lab.host)
                #expect(try await peer.reaches("10.0.0.50"))
                try await lab.fabric.removePlug(port.id, on: lab.host)
                #expect(try await !peer.reaches("10.0.0.50"))
                try await guest.stop(grace: .zero)
            }
        }

        private static func guest(_ device: String, _ mac: MAC) async throws -> [String] {
            let image = try await Command.run([Lab.root + "/guest/image"], timeout: .seconds(300)).text
            return [
                "setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", "--no-new-privs", "--",
                "qemu-system-x86_64", "-nodefaults", "-display", "none", "-M", "q35,accel=tcg", "-m", "128",
                "-serial", "stdio", "-drive", "if=virtio,format=raw,snapshot=on,file=\(image)",
                "-netdev", "tap,id=n0,ifname=\(device),script=no,downscript=no",
                "-device", "virtio-net-pci,netdev=n0,mac=\(mac)",
            ]
        }

        /// All rows that the fabric writes, without what the barrier counts.
        private static func rows(_ lab: Lab) async throws -> [JSON] {
            let north = try await lab.fabric.central.transact(
                .north,
                ["Logical_Switch", "ACL", "DHCP_Options"].map {
                    ["op": "select", "table": .string($0), "where": []]
                } + [Operation.select("Logical_Switch_Port", [], ["_uuid", "_version", "external_ids", "addresses"])])
            let local = try await lab.fabric.local.transact(
                .host, [Operation.select("Interface", [["name", "!=", "br-int"]], ["_uuid", "ofport"])])
            return (north + local).map { .array(($0["rows"]?.array ?? []).sorted { $0.text < $1.text }) }
        }

        private static func index(_ lab: Lab, _ port: ID<Port>) async throws -> Int? {
            let device = Plug.device(of: port)
            return try await Inside.run(lab.runtime.namespace) { () throws(CloudError) in
                let index = if_nametoindex(device)
                return index == 0 ? nil : Int(index)
            }
        }
    }
}
