import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The network service: isolated networks, their addresses and ports.
public struct Network: Sendable {
    public static let schemas =
        [
            Schema(NetworkQuota.self), Schema(AddressScope.self), Schema(SubnetPool.self), Schema(QoSPolicy.self),
            Schema(BandwidthRule.self), Schema(MarkingRule.self),
            Schema(LogicalNetwork.self, labels: LogicalNetwork.Label.allCases.map(\.rawValue)), Schema(Subnet.self),
            Schema(SecurityGroup.self, labels: SecurityGroup.Label.allCases.map(\.rawValue)),
            Schema(AddressGroup.self), Schema(SecurityGroupRule.self), Schema(DefaultRule.self),
            Schema(Port.self, labels: Port.Label.allCases.map(\.rawValue)),
            Schema(Router.self, labels: Router.Label.allCases.map(\.rawValue)), Schema(FloatingIP.self),
            Schema(ConnectionService.self, labels: ConnectionService.Label.allCases.map(\.rawValue)),
            Schema(QoSOption.self), Schema(Gateway.self, labels: Gateway.Label.allCases.map(\.rawValue)),
            Schema(GatewayInterface.self), Schema(OuterInterface.self), Schema(PublicIP.self), Schema(StaticRoute.self),
            Schema(ReservedAddress.self), Schema(PhysicalPort.self), Schema(ColocationSpace.self),
            Schema(ColocationPhysicalLink.self),
            Schema(ColocationLogicalLink.self, labels: ColocationLogicalLink.Label.allCases.map(\.rawValue)),
            Schema(CommonFunctionPool.self, labels: CommonFunctionPool.Label.allCases.map(\.rawValue)),
            Schema(CommonFunction.self),
            Schema(CommonFunctionGateway.self, labels: CommonFunctionGateway.Label.allCases.map(\.rawValue)),
            Schema(PortForwarding.self), Schema(DDoSEvent.self),
            Schema(NetworkLog.self), Schema(TapService.self),
            Schema(TapFlow.self, labels: TapFlow.Label.allCases.map(\.rawValue)),
            Schema(IKEPolicy.self), Schema(IPsecPolicy.self), Schema(EndpointGroup.self),
            Schema(VPNService.self, labels: VPNService.Label.allCases.map(\.rawValue)),
            Schema(IPsecSiteConnection.self, labels: IPsecSiteConnection.Label.allCases.map(\.rawValue)),
            Schema(IsolationProbe.self, labels: IsolationProbe.Label.allCases.map(\.rawValue)),
            Schema(IsolationPair.self), Schema(RBACPolicy.self),
        ] + Connectivity.schemas

    /// All that it acts through.
    public struct World: Sendable {
        public var fabric: any Fabric
        public var edge: any Edge
        public var functions: any FunctionHost
        public var tunnels: any Tunnels
        public var prober: any Probing

        public init(
            fabric: any Fabric, edge: any Edge, functions: any FunctionHost, tunnels: any Tunnels, prober: any Probing
        ) {
            (self.fabric, self.edge, self.functions) = (fabric, edge, functions)
            (self.tunnels, self.prober) = (tunnels, prober)
        }
    }

    let world: World
    private let connectivity: Connectivity
    private var fabric: any Fabric { world.fabric }

    /// - Parameters:
    ///   - devices: what may be connected to another tenant's network.
    ///   - region: this region's name.
    public init(_ world: World, devices: any Devices, region: String) {
        self.world = world
        connectivity = Connectivity(devices: devices, region: region)
    }

    public var cabling: some Cabling { NetworkCabling(fabric: fabric) }
    public var berths: some Berths { NetworkBerths(fabric: fabric) }

    public var routes: [Route] {
        LogicalNetwork.routes + Subnet.routes + Port.routes + SecurityGroup.routes + SecurityGroupRule.routes
            + AddressGroup.routes + DefaultRule.routes
            + AddressScope.routes + QoSPolicy.routes + PortForwarding.routes
            + Router.routes + FloatingIP.routes + SubnetPool.routes + NetworkQuota.routes + Tags.routes
            + RBACPolicy.routes + AutoTopology.routes + Agents(fabric: fabric).routes + Extensions.routes
            + NovaSecurityGroups.routes + gatewayRoutes + connectivity.routes + vpnRoutes
            + NetworkLog.routes + TapService.routes + TapFlow.routes + DDoSEvent.routes
            + EdgeRoutes(edge: world.edge).all + IsolationRoutes.all
    }

    private var vpnRoutes: [Route] {
        IKEPolicy.routes + IPsecPolicy.routes + EndpointGroup.routes + VPNService.routes + IPsecSiteConnection.routes
            + [IPsecSiteConnection.statistics(world.tunnels)]
    }

    /// ECL's ways out of the cloud.
    private var gatewayRoutes: [Route] {
        ConnectionService.routes + QoSOption.routes + Gateway.routes + GatewayInterface.routes + OuterInterface.routes
            + PublicIP.routes + StaticRoute.routes + premisesRoutes
    }

    /// What stands around the cloud, and what it offers to all.
    private var premisesRoutes: [Route] {
        ReservedAddress.routes + PhysicalPort.routes + ColocationSpace.routes + ColocationPhysicalLink.routes
            + ColocationLogicalLink.routes + CommonFunctionPool.routes + CommonFunction.routes
            + CommonFunctionGateway.routes
    }

    public func enroll(in engine: Engine) {
        engine.enroll(LogicalNetwork.self, world: fabric)
        engine.enroll(Port.self, world: fabric)
        engine.enroll(SecurityGroup.self, world: fabric)
        engine.enroll(Router.self, world: fabric)
        engine.enroll(Gateway.self, world: fabric)
        engine.enroll(ConnectionService.self, world: world.edge)
        engine.enroll(CommonFunctionGateway.self, world: fabric)
        engine.enroll(CommonFunctionPool.self, world: FunctionWorld(fabric: fabric, functions: world.functions))
        engine.enroll(TapFlow.self, world: fabric)
        engine.enroll(ColocationLogicalLink.self, world: ())
        connectivity.enroll(in: engine)
        engine.enroll(IsolationProbe.self, world: IsolationProbe.World(fabric: fabric, prober: world.prober))
        let vpn = VPNWorld(fabric: fabric, tunnels: world.tunnels)
        engine.enroll(VPNService.self, world: vpn)
        engine.enroll(IPsecSiteConnection.self, world: vpn)
    }

    /// Starts a run of the isolation probe where the newest is as old as `age`, and none runs; returns whether it did.
    @discardableResult
    public func probe(ifOlderThan age: Duration, _ dice: any Dice, in store: any Store) async throws(CloudError) -> Bool
    {
        try await IsolationProbe.order(ifOlderThan: age, dice, in: store)
    }

    /// Writes down attacks on public addresses, until the task is cancelled.
    public func watch(
        _ store: any Store, clock: any Clock, dice: any Dice, report: @Sendable (CloudError) -> Void
    ) async {
        let watch = SiegeWatch(world.edge, store, clock: clock, dice: dice)
        while !Task.isCancelled {
            do { try await watch.look() } catch { report(error) }
            await clock.sleep(SiegeWatch.interval)
        }
    }
}
