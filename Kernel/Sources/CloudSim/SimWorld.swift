import CloudCore
import CloudNetwork
import CloudServices
import CloudStore

/// Everything that a cloud acts through, simulated from one seed.
public final class SimWorld: Sendable {
    public let clock: SimClock
    public let dice: SeededDice
    public let mischief: Mischief
    public let files: SimImageFiles
    public let fabric: SimFabric
    public let edge: SimEdge
    public let functions: SimFunctions
    public let tunnels: SimTunnels
    public let prober: SimProber
    public let hypervisor: SimHypervisor
    public let token: SimKeyToken
    public let pool: SimLayers
    public let targets: SimTargets
    public let store: MemoryStore
    public let flows: SimFlowBook

    public init(seed: UInt64, schemas: Schemas = Cloud.schemas) {
        clock = SimClock()
        // Streams of their own, so that more of one kind of chance does not shift another.
        func stream(_ number: UInt64) -> SeededDice { SeededDice((seed &+ 1) &* 0x2545_f491_4f6c_dd1d &+ number << 48) }
        dice = stream(1)
        mischief = Mischief(dice: stream(2), clock: clock)
        files = SimImageFiles(mischief)
        fabric = SimFabric(mischief)
        edge = SimEdge(mischief)
        functions = SimFunctions(mischief)
        flows = SimFlowBook(clock: clock)
        tunnels = SimTunnels(mischief, clock: clock)
        prober = SimProber(mischief, fabric: fabric)
        token = SimKeyToken(mischief, dice: stream(4))
        pool = SimLayers(mischief)
        targets = SimTargets(mischief, pool: pool)
        hypervisor = SimHypervisor(mischief, clock: clock, dice: stream(3), fabric: fabric, pool: pool)
        store = MemoryStore(schemas, clock: clock) { [mischief] () throws(CloudError) in try mischief.beforeCommit() }
    }

    /// The ports of a control plane in this world.
    public var ports: Ports {
        Ports(
            store: store, clock: clock, dice: dice, vault: SimVault(), keys: SimKeys(dice), files: files,
            network: Network.World(
                fabric: fabric, edge: edge, functions: functions, tunnels: tunnels, prober: prober),
            hypervisor: hypervisor, token: token, pool: pool,
            targets: targets, flows: flows)
    }
}
