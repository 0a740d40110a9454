import CloudCore
import CloudSim
@testable import CloudStorage
import CloudStore
import CloudWire
import Testing

@Suite("C015: ECL's storage")
struct TargetTests {
    private struct Bench: TargetStage {
        let pool: SimLayers
        let sim: SimTargets
        var targets: any BlockTargets { sim }
        init() {
            let mischief = Mischief(dice: SeededDice(1), clock: SimClock())
            pool = SimLayers(mischief)
            sim = SimTargets(mischief, pool: pool)
        }
        func place(_ storage: ID<VirtualStorage>) async throws(CloudError) -> IPv4 { IPv4("10.0.0.5")! }
        func disk(for user: Int) async throws(CloudError) -> OpenDisk {
            let layer = Layer(id: SystemDice().uuid(), secret: Hex.string(SystemDice().bytes(32)))
            try await pool.ensure(LayeredDisk(size: Gibibytes(1), layers: [layer]), from: nil)
            try await pool.give([layer.id], to: user)
            return OpenDisk(
                volume: SystemDice().uuid(), files: [.init(path: pool.path(layer.id), secret: layer.secret)],
                isReadonly: false, iops: nil)
        }
    }

    @Test("the twin keeps the contract", arguments: BlockTargetsContract.cases)
    func contract(_ one: BlockTargetsContract.Case) async throws { try await BlockTargetsContract(Bench()).run(one) }

    private func root(_ stage: Stage) -> String { "/storage/v1.0/\(stage.projects[.member]!)" }

    @Test("a volume is ordered, seen on both faces, changed and deleted; its port is nobody else's")
    func life() async throws {
        let stage = try await Stage()
        let id = try await stage.make("exported_volume", for: .member)
        let path = root(stage) + "/volumes/" + id
        let shown = await stage.send(.member, .get, path).json["volume"]
        #expect(
            shown?["status"] == "available" && shown?["iops_per_gb"] == "2" && shown?["target_ips"] == ["10.78.0.10"])
        #expect(shown?["metadata"]?["lun_id"] == "1" && shown?["size"] == 100)
        let cinder = "/volume/v3/\(stage.projects[.member]!)/volumes/" + id
        #expect(await stage.send(.member, .get, cinder).json["volume"]?["status"] == "in-use")
        let storage = try #require(shown?["virtual_storage_id"]?.string)
        let place = root(stage) + "/virtual_storages/" + storage
        #expect(await stage.send(.member, .delete, place).status == 409)

        let ports = await stage.send(.member, .get, "/network/v2.0/ports?device_id=" + storage).json["ports"]
        let port = "/network/v2.0/ports/" + (ports?[0]?["id"]?.string ?? "")
        #expect(ports?[0]?["device_owner"] == "storage:virtual-storage" && ports?[0]?["status"] == "ACTIVE")
        #expect(await stage.send(.member, .delete, port).status == 409)
        for change: JSON in [["device_id": ""], ["port_security_enabled": true], ["admin_state_up": false]] {
            #expect(await stage.send(.member, .put, port, ["port": change]).status == 409)
        }
        #expect(await stage.send(.member, .put, port, ["port": ["name": "disks"]]).status == 200)

        let wish: JSON = ["snapshot": ["volume_id": .string(id), "name": "now"]]
        let taken = await stage.send(.member, .post, root(stage) + "/snapshots", wish)
        #expect(taken.status == 202 && taken.json["snapshot"]?["status"] == "creating")
        #expect(await stage.send(.member, .get, path).json["volume"]?["status"] == "available")
        try await stage.settle()
        let snapshot = root(stage) + "/snapshots/" + (taken.json["snapshot"]?["id"]?.string ?? "")
        #expect(await stage.send(.member, .get, snapshot).json["snapshot"]?["status"] == "available")
        #expect(await stage.send(.member, .get, path).json["volume"]?["status"] == "available")
        #expect(stage.world.targets.all[ID(storage)]?.volumes.first?.disk.files.count == 2)
        #expect(await stage.send(.member, .post, snapshot + "/action", ["restore": .null]).status == 202)
        try await stage.settle()
        let restored = await stage.send(.member, .get, path).json["volume"]
        #expect(
            restored?["status"] == "available" && restored?["snapshot_ids"] == [taken.json["snapshot"]?["id"] ?? ""])
        #expect(await stage.send(.member, .delete, path).status == 400)
        #expect(await stage.send(.member, .delete, snapshot).status == 200)
        try await stage.settle()
        #expect(stage.world.targets.all[ID(storage)]?.volumes.first?.disk.files.count == 1)

        let changed = await stage.send(.member, .put, path, ["volume": ["initiator_iqns": ["iqn.2026-11.example:b"]]])
        #expect(changed.status == 202 && changed.json["volume"]?["status"] == "updating")
        try await stage.settle()
        #expect(stage.world.targets.all[ID(storage)]?.volumes.first?.initiators == ["iqn.2026-11.example:b"])
        #expect(stage.world.targets.all[ID(storage)]?.volumes.first?.disk.iops == 200)

        #expect(await stage.send(.member, .delete, cinder).status == 202)
        try await stage.settle()
        #expect(await stage.send(.member, .get, path).status == 404)
        #expect(stage.world.targets.all[ID(storage)]?.volumes.isEmpty == true && stage.world.pool.all.isEmpty)
        #expect(await stage.send(.member, .delete, place).status == 200)
        #expect(await stage.send(.member, .get, place).json["virtual_storage"]?["status"] == "deleting")
        try await stage.settle()
        #expect(await stage.send(.member, .get, place).status == 404)
        #expect(stage.world.targets.all.isEmpty)
        #expect(await stage.send(.member, .get, port).status == 404)
    }

    @Test(
        "orders that cannot be are refused with the reason",
        arguments: [
            (["volume_type_id": "standard_nfs_na"], "file storage (NFS, SMB) is not"),
            (["volume_type_id": "standard"], "no volume type standard for virtual storages"),
            (["ip_addr_pool": ["start": "10.1.0.1", "end": "10.1.0.9"]], "not within 10.78.0.0/24"),
            (["ip_addr_pool": ["start": "10.78.0.9", "end": "10.78.0.1"]], "in this order"),
            (["ip_addr_pool": ["start": "10.78.0.1", "end": "10.78.0.1"]], "No address is left"),
            (["host_routes": [["destination": "10.1.0.0/24", "nexthop": "10.2.0.1"]]], "not within 10.78.0.0/24"),
            (["host_routes": [["destination": "10.78.0.0/16", "nexthop": "10.78.0.1"]]], "overlaps"),
            (["host_routes": [["destination": "x", "nexthop": "10.78.0.1"]]], "a route has a destination"),
            (["network_id": "none"], "could not be found"), (["name": .null], "'name' not specified"),
        ] as [(JSON, String)])
    func refused(_ change: JSON, _ reason: String) async throws {
        let stage = try await Stage()
        let network = try await stage.make("berth_network", for: .member)
        var wish: [String: JSON] = [
            "name": "disks", "volume_type_id": "piops_iscsi_na", "network_id": .string(network),
            "subnet_id": .string(stage.lastBerth), "ip_addr_pool": ["start": "10.78.0.10", "end": "10.78.0.20"],
            "host_routes": [],
        ]
        wish.merge(change.object!) { $1 }
        let answer = await stage.send(
            .member, .post, root(stage) + "/virtual_storages", ["virtual_storage": .object(wish)])
        #expect((400..<500).contains(answer.status) && answer.text.contains(reason), "\(answer.status) \(answer.text)")
        #expect(
            await stage.send(.member, .get, root(stage) + "/virtual_storages/detail").json["virtual_storages"] == [])
    }

    @Test("what cannot be served can be deleted")
    func broken() async throws {
        let stage = try await Stage()
        let storage = try await stage.make("virtual_storage", for: .member)
        let path = root(stage) + "/volumes"
        let wish: JSON = ["name": "data", "size": 100, "virtual_storage_id": .string(storage)]
        stage.world.targets.refuses = true
        func wait() async throws {
            for _ in 0..<20 {
                try await stage.settle()
                stage.world.clock.advance(.seconds(40))
            }
        }
        let made = await stage.send(.member, .post, path, ["volume": wish]).json["volume"]?["id"]?.string ?? ""
        try await wait()
        let shown = await stage.send(.member, .get, path + "/" + made).json["volume"]
        #expect(shown?["status"] == "updating")
        #expect(shown?["error_message"] == "It cannot be served now; it will be tried again.")
        #expect(await stage.send(.member, .delete, path + "/" + made).status == 200)
        #expect(await stage.send(.member, .delete, root(stage) + "/virtual_storages/" + storage).status == 200)
        try await wait()
        #expect(await stage.send(.member, .get, path + "/" + made).status == 404)
        #expect(await stage.send(.member, .get, root(stage) + "/virtual_storages/" + storage).status == 404)
        #expect(stage.world.pool.all.isEmpty && stage.world.targets.all.isEmpty)
    }

    @Test("a type that lists sizes and rates holds whichever face orders")
    func types() async throws {
        let stage = try await Stage()
        let base = "/volume/v3/\(stage.projects[.member]!)/volumes"
        let refused = await stage.send(.member, .post, base, ["volume": ["size": 7, "volume_type": "piops_iscsi_na"]])
        #expect(refused.status == 400 && refused.text.contains("one of these sizes"))
        let made = await stage.send(.member, .post, base, ["volume": ["size": 100, "volume_type": "piops_iscsi_na"]])
        #expect(made.status == 202)
        let small = try await stage.make("volume", for: .member)
        let retype: JSON = ["os-retype": ["new_type": "piops_iscsi_na"]]
        #expect(await stage.send(.member, .post, base + "/\(small)/action", retype).status == 400)
        let seen = await stage.send(.member, .get, root(stage) + "/volumes/detail").json["volumes"]
        #expect(seen == [])
    }

    @Test(
        "volumes are of the sizes and rates that their type lists",
        arguments: [
            (["size": 7], "one of these sizes"), (["iops_per_gb": "3"], "there are: 2,4"),
            (["iops_per_gb": "many"], "one of those"), (["throughput": 50], "file storage"),
            (["initiator_iqns": ["host"]], "no iSCSI name"), (["virtual_storage_id": "none"], "could not be found"),
            (["availability_zone": "moon"], "no availability zone"), (["colour": "red"], "Unrecognized"),
        ] as [(JSON, String)])
    func odd(_ change: JSON, _ reason: String) async throws {
        let stage = try await Stage()
        var wish: [String: JSON] = [
            "name": "data", "size": 100,
            "virtual_storage_id": .string(try await stage.make("virtual_storage", for: .member)),
        ]
        wish.merge(change.object!) { $1 }
        let answer = await stage.send(.member, .post, root(stage) + "/volumes", ["volume": .object(wish)])
        #expect((400..<500).contains(answer.status) && answer.text.contains(reason), "\(answer.status) \(answer.text)")
        #expect(await stage.send(.member, .get, root(stage) + "/volumes/detail").json["volumes"] == [])
    }
}
