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
    private func host(
        _ id: String, memory: Int = 1000, vcpus: Int = 1, zone: String = "z", enabled: Bool = true,
        used: (vcpus: Int, memory: Int) = (0, 0), peers: Int = 0
    ) -> Placement.Candidate {
        var host = Host()
        (host.memory, host.vcpus, host.zone, host.enabled) = (memory, vcpus, zone, enabled)
        return Placement.Candidate(host: stored(id, host), vcpus: used.vcpus, memory: used.memory, peers: peers)
    }
    private func server(memory: Int = 400, vcpus: Int = 1, zone: String = "") -> Server {
        var server = Server()
        (server.memory, server.vcpus, server.zone) = (memory, vcpus, zone)
        return server
    }

    @Test("the host with the most memory left, by name among equals")
    func most() {
        let hosts = [host("b"), host("a"), host("c", memory: 900)]
        #expect(Placement.choose(server(), among: hosts) == ID("a"))
        #expect(Placement.choose(server(), among: [host("b"), host("a", used: (1, 400))]) == ID("b"))
    }

    @Test("never where it is disabled, elsewhere or full")
    func limits() {
        #expect(Placement.choose(server(), among: [host("a", enabled: false)]) == nil)
        #expect(Placement.choose(server(zone: "y"), among: [host("a"), host("b", zone: "y")]) == ID("b"))
        #expect(Placement.choose(server(memory: 1001), among: [host("a")]) == nil)
        #expect(Placement.choose(server(memory: 1000), among: [host("a")]) == ID("a"))
        #expect(Placement.choose(server(memory: 601), among: [host("a", used: (1, 400))]) == nil)
        #expect(Placement.choose(server(vcpus: 17), among: [host("a")]) == nil)
        #expect(Placement.choose(server(), among: [host("a", used: (16, 0))]) == nil)
    }

    @Test("a group's policy is kept, and a soft one only preferred")
    func policies() {
        let (empty, full) = (host("a"), host("b", memory: 2000, peers: 2))
        #expect(Placement.choose(server(), among: [empty, full], policy: .affinity) == ID("b"))
        #expect(Placement.choose(server(), among: [empty], policy: .affinity) == ID("a"))
        #expect(Placement.choose(server(), among: [empty, full], policy: .antiAffinity) == ID("a"))
        #expect(Placement.choose(server(), among: [full], policy: .antiAffinity) == nil)
        #expect(Placement.choose(server(), among: [empty, full], policy: .softAffinity) == ID("b"))
        #expect(Placement.choose(server(), among: [full], policy: .softAntiAffinity) == ID("b"))
    }

    @Test("until a resize is confirmed, the larger of both sizes is kept free")
    func resize() {
        var it = server(memory: 700)
        it.previous = Server.Size(server(memory: 300, vcpus: 4))
        #expect((it.keptMemory, it.keptVCPUs) == (700, 4))
    }
}
