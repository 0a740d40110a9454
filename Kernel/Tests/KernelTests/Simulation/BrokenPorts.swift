import CloudCompute
import CloudCore
import CloudNetwork
import CloudStore
import CloudSim

/// A fabric with a fault put in on purpose, to see whether the seeds find it.
struct BrokenFabric: Fabric {
    enum Fault { case forgetsToRemovePorts, swallowsPortErrors }
    let good: any Fabric
    let fault: Fault

    func ensurePort(_ port: PortSpec) async throws(CloudError) {
        guard fault == .swallowsPortErrors else { return try await good.ensurePort(port) }
        try? await good.ensurePort(port)
    }
    func removePort(_ port: ID<Port>) async throws(CloudError) {
        if fault != .forgetsToRemovePorts { try await good.removePort(port) }
    }
    func ensureNetwork(_ network: NetworkSpec) async throws(CloudError) { try await good.ensureNetwork(network) }
    func removeNetwork(_ network: ID<LogicalNetwork>) async throws(CloudError) { try await good.removeNetwork(network) }
    func networks() async throws(CloudError) -> Set<ID<LogicalNetwork>> { try await good.networks() }
    func ports() async throws(CloudError) -> Set<ID<Port>> { try await good.ports() }
    func ensureGroup(_ group: GroupSpec) async throws(CloudError) { try await good.ensureGroup(group) }
    func removeGroup(_ group: ID<SecurityGroup>) async throws(CloudError) { try await good.removeGroup(group) }
    func ensureRouter(_ router: RouterSpec) async throws(CloudError) { try await good.ensureRouter(router) }
    func removeRouter(_ router: ID<Router>) async throws(CloudError) { try await good.removeRouter(router) }
    func groups() async throws(CloudError) -> Set<ID<SecurityGroup>> { try await good.groups() }
    func routers() async throws(CloudError) -> Set<ID<Router>> { try await good.routers() }
    func ensurePlug(_ port: ID<Port>, uid: Int, mtu: Int, on host: HostName) async throws(CloudError) -> String {
        try await good.ensurePlug(port, uid: uid, mtu: mtu, on: host)
    }
    func ensureJack(_ jack: JackSpec, on host: HostName) async throws(CloudError) {
        try await good.ensureJack(jack, on: host)
    }
    func removePlug(_ port: ID<Port>, on host: HostName) async throws(CloudError) {
        try await good.removePlug(port, on: host)
    }
    func plugs(on host: HostName) async throws(CloudError) -> Set<ID<Port>> { try await good.plugs(on: host) }
    func ensureMirror(_ mirror: MirrorSpec, on host: HostName) async throws(CloudError) {
        try await good.ensureMirror(mirror, on: host)
    }
    func removeMirror(_ mirror: ID<TapFlow>, on host: HostName) async throws(CloudError) {
        try await good.removeMirror(mirror, on: host)
    }
    func mirrors(on host: HostName) async throws(CloudError) -> Set<ID<TapFlow>> { try await good.mirrors(on: host) }
    func agents() async throws(CloudError) -> [AgentSpec] { try await good.agents() }
    func settle(on host: HostName) async throws(CloudError) { try await good.settle(on: host) }
}

/// A hypervisor that ends a removed guest's process and leaves its disk.
struct BrokenHypervisor: Hypervisor {
    let good: any Hypervisor

    func removeGuest(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.ensureStopped(guest, on: host)
    }
    func ensureGuest(_ guest: GuestSpec, on host: HostName) async throws(CloudError) {
        try await good.ensureGuest(guest, on: host)
    }
    func resume(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.resume(guest, on: host)
    }
    func pause(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.pause(guest, on: host)
    }
    func reset(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.reset(guest, on: host)
    }
    func pressPower(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.pressPower(guest, on: host)
    }
    func ensureStopped(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.ensureStopped(guest, on: host)
    }
    func state(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestState {
        try await good.state(of: guest, on: host)
    }
    func guests(on host: HostName) async throws(CloudError) -> Set<ID<Server>> { try await good.guests(on: host) }
    func suspend(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.suspend(guest, on: host)
    }
    func ensureCards(_ nics: [GuestNIC], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.ensureCards(nics, of: guest, on: host)
    }
    func ensureDisks(_ disks: [OpenDisk], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await good.ensureDisks(disks, of: guest, on: host)
    }
    func exportDisk(
        of guest: ID<Server>, on host: HostName
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try await good.exportDisk(of: guest, on: host)
    }
    func diagnostics(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestDiagnostics {
        try await good.diagnostics(of: guest, on: host)
    }
    func consoleLog(of guest: ID<Server>, lines: Int?, on host: HostName) async throws(CloudError) -> [UInt8] {
        try await good.consoleLog(of: guest, lines: lines, on: host)
    }
    func screen(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> any Screen {
        try await good.screen(of: guest, on: host)
    }
}
