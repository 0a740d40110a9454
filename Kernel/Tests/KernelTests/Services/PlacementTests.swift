@testable import CloudCompute
import CloudCore
import Testing

@Suite("Placement")
struct PlacementTests {
    private func stored<R: Resource>(_ id: String, _ value: R) -> Stored<R> {
        let now = Instant(microseconds: 0)
        return Stored(
            id: ID(id), project: ID(""), createdAt: now, updatedAt: now, version: 1, deletingSince: nil, value: value)
    }
    private func host(_ id: String, memory: Int = 1000, vcpus: Int = 1, zone: String = "z", enabled: Bool = true)
        -> Stored<Host>
    {
        var host = Host()
        (host.memory, host.vcpus, host.zone, host.enabled) = (memory, vcpus, zone, enabled)
        return stored(id, host)
    }
    private func server(memory: Int = 400, vcpus: Int = 1, zone: String = "", host: String = "") -> Server {
        var server = Server()
        (server.memory, server.vcpus, server.zone, server.host) = (memory, vcpus, zone, host)
        return server
    }

    @Test("the host with the most memory left, by name among equals")
    func most() {
        let hosts = [host("b"), host("a"), host("c", memory: 900)]
        #expect(Placement.choose(server(), hosts: hosts, servers: []) == ID("a"))
        #expect(Placement.choose(server(), hosts: hosts, servers: [stored("1", server(host: "a"))]) == ID("b"))
    }

    @Test("never where it is disabled, elsewhere or full")
    func limits() {
        #expect(Placement.choose(server(), hosts: [host("a", enabled: false)], servers: []) == nil)
        #expect(Placement.choose(server(zone: "y"), hosts: [host("a"), host("b", zone: "y")], servers: []) == ID("b"))
        #expect(Placement.choose(server(memory: 1001), hosts: [host("a")], servers: []) == nil)
        #expect(Placement.choose(server(memory: 1000), hosts: [host("a")], servers: []) == ID("a"))
        #expect(Placement.choose(server(vcpus: 17), hosts: [host("a")], servers: []) == nil)
        let full = [stored("1", server(memory: 0, vcpus: 16, host: "a"))]
        #expect(Placement.choose(server(), hosts: [host("a")], servers: full) == nil)
    }
}
