import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The compute service: servers, and the flavors, keypairs and hosts that they need.
public struct Compute: Sendable {
    public static let schemas = [
        Schema(Flavor.self), Schema(Keypair.self), Schema(Host.self), Schema(QuotaSet.self), Schema(ServerGroup.self),
        Schema(InstanceAction.self), Schema(ConsoleToken.self),
        Schema(Server.self, labels: Server.Label.allCases.map(\.rawValue)),
    ]

    let hypervisor: any Hypervisor
    let cabling: any Cabling
    let images: any ImageCatalog
    let shelf: any Shelf
    private let keys: any KeyMaker
    private let firstUID: Int
    let base: String
    let standing: any Standing
    let consoles: ConsoleAccess

    /// - Parameters:
    ///   - firstUID: the first of the system users that guests run as; no other instance on the machine uses them.
    ///   - base: the cloud's address as its users know it.
    ///   - standing: judges those who open a console.
    public init(
        hypervisor: any Hypervisor, cabling: any Cabling, images: any ImageCatalog, shelf: any Shelf,
        keys: any KeyMaker, firstUID: Int, base: String, standing: any Standing, consoles: ConsoleAccess
    ) {
        (self.hypervisor, self.cabling, self.images) = (hypervisor, cabling, images)
        self.shelf = shelf
        (self.keys, self.firstUID, self.base) = (keys, firstUID, base)
        (self.standing, self.consoles) = (standing, consoles)
    }

    public var routes: [Route] {
        serverRoutes + Flavor.routes(base) + Keypair.routes(keys) + [
            oldVersion, version("/v2.1"), version("/v2.1/{project_id}"), versions, zones("", detail: false),
            zones("/detail", detail: true), limits,
        ]
            + QuotaSet.routes + ServerGroup.routes + InstanceAction.routes + hypervisorRoutes
    }

    public func enroll(in engine: Engine) {
        engine.enroll(
            Server.self,
            world: Server.World(
                hypervisor: hypervisor, cabling: cabling, images: images, shelf: shelf, firstUID: firstUID))
    }

    /// Creates the flavors that a new cloud has; leaves an installation that has any as it is.
    public func found(_ store: any Store) async throws(CloudError) {
        let isFounded = try await store.read { (reader) throws(CloudError) in try reader.count(Query(Flavor.kind)) > 0 }
        guard !isFounded else { return }
        let record = AuditRecord(.system("start-up"), service: "compute", action: "found", kind: Flavor.kind.name)
        try await store.write(record) { (writer) throws(CloudError) in
            for (name, vcpus, ram) in [
                ("1CPU-128MB", 1, 128), ("1CPU-1GB", 1, 1024), ("1CPU-4GB", 1, 4096), ("2CPU-8GB", 2, 8192),
                ("4CPU-16GB", 4, 16_384),
            ] {
                var flavor = Flavor()
                (flavor.name, flavor.vcpus, flavor.ram) = (name, vcpus, ram)
                try writer.insert(flavor, id: ID(name))
            }
        }
    }

    /// Removes guests that a host has and the store does not know, or knows to be elsewhere.
    public func sweep(_ store: any Store, hosts: [HostName]) async throws(CloudError) -> [String] {
        try await ConsoleToken.sweep(store)
        var removed: [String] = []
        for host in hosts {
            for guest in try await hypervisor.guests(on: host).sorted() {
                let isWanted = try await store.read { (reader) throws(CloudError) in
                    try reader.find(guest)?.host == host.text
                }
                guard !isWanted else { continue }
                try await hypervisor.removeGuest(guest, on: host)
                removed.append("guest \(guest)")
            }
        }
        return removed
    }

    private static func describe(_ base: String) -> JSON {
        [
            "id": "v2.1", "status": "CURRENT", "version": .string(Microversion.compute.newest),
            "min_version": .string(Microversion.compute.oldest),
            "updated": "2013-07-23T11:33:21Z",
            "links": [["rel": "self", "href": .string(base + "/compute/v2.1/")]],
        ]
    }

    /// Version 2, without microversions; clients expect it first in the list.
    private static func describeOld(_ base: String) -> JSON {
        [
            "id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z",
            "links": [["rel": "self", "href": .string(base + "/compute/v2/")]],
        ]
    }

    private var oldVersion: Route {
        Route(.get, .compute, "/v2", action: "show", rule: .anyone, "Compute's version 2.") {
            (call) throws(CloudError) in .json(200, ["version": Self.describeOld(call.base)])
        }
    }

    private func version(_ path: String) -> Route {
        Route(.get, .compute, path, action: "show", rule: .anyone, "Compute's version.") {
            (call) throws(CloudError) in .json(200, ["version": Self.describe(call.base)])
        }
    }

    private var versions: Route {
        Route(.get, .compute, "", action: "show", rule: .anyone, "Compute's versions.") {
            (call) throws(CloudError) in
            .json(200, ["versions": [Self.describeOld(call.base), Self.describe(call.base)]])
        }
    }

    private func zones(_ suffix: String, detail: Bool) -> Route {
        Route(
            .get, .compute, "/v2.1/{project_id}/os-availability-zone" + suffix, action: "list",
            rule: detail ? .operator : .role(.reader), "Lists the availability zones."
        ) { (call) throws(CloudError) in
            let hosts = try await call.store.read { (reader) throws(CloudError) in
                try reader.list(Host.self, .everything(Host.kind))
            }
            let byZone = Dictionary(grouping: hosts, by: \.zone).sorted { $0.key < $1.key }
            return .json(
                200,
                [
                    "availabilityZoneInfo": .array(
                        byZone.map { zone, hosts in
                            let services = Dictionary(
                                uniqueKeysWithValues: hosts.map { host in
                                    (
                                        host.id.text,
                                        JSON.object([
                                            "nova-compute": [
                                                "available": .bool(host.enabled), "active": .bool(host.enabled),
                                                "updated_at": .string(host.updatedAt.text(fraction: true)),
                                            ]
                                        ])
                                    )
                                })
                            return [
                                "zoneName": .string(zone),
                                "zoneState": ["available": .bool(hosts.contains { $0.enabled })],
                                "hosts": detail ? .object(services) : .null,
                            ]
                        })
                ])
        }
    }

    private var limits: Route {
        Route(
            .get, .compute, "/v2.1/{project_id}/limits", action: "show", rule: .role(.reader),
            "Shows the project's limits and what it uses of them."
        ) { (call) throws(CloudError) in
            let named = call.request[query: "tenant_id"].map { ProjectID($0) } ?? call.project
            guard call.caller.isOperator || named == call.project else {
                throw CloudError(.forbidden, "Only an operator sees the limits of another project.")
            }
            return try await call.store.read { (reader) throws(CloudError) in
                let allowance = try QuotaSet.of(named, in: reader)
                var absolute: [String: JSON] = [:]
                for (limit, used, item) in Self.limitNames {
                    absolute[limit] = .integer(allowance.quota.limit(item))
                    if let used { absolute[used] = .integer(try allowance.used(item, in: reader)) }
                }
                if call.microversion < 57 {
                    for name in ["maxPersonality", "maxPersonalitySize"] { absolute[name] = 0 }
                }
                if call.microversion < 39 { absolute["maxImageMeta"] = 128 }
                if call.microversion < 36 {
                    for name in ["maxSecurityGroups", "maxSecurityGroupRules", "maxTotalFloatingIps"] {
                        absolute[name] = -1
                    }
                    for name in ["totalFloatingIpsUsed", "totalSecurityGroupsUsed"] { absolute[name] = 0 }
                }
                return .json(200, ["limits": ["rate": [], "absolute": .object(absolute)]])
            }
        }
    }

    private static let limitNames: [(limit: String, used: String?, item: QuotaSet.Item)] = [
        ("maxTotalInstances", "totalInstancesUsed", .instances), ("maxTotalCores", "totalCoresUsed", .cores),
        ("maxTotalRAMSize", "totalRAMUsed", .ram), ("maxServerMeta", nil, .metadataItems),
        ("maxTotalKeypairs", nil, .keyPairs),
        ("maxServerGroups", "totalServerGroupsUsed", .serverGroups),
        ("maxServerGroupMembers", nil, .serverGroupMembers),
    ]
}
