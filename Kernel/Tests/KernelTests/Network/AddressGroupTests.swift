import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Address groups, default rules and stateless groups")
struct AddressGroupTests {
    let network = "/network/v2.0/"

    @Test("a rule follows its address group, which stays while a rule names it")
    func follows() async throws {
        let stage = try await Stage()
        let addresses = try await stage.made(
            "address-groups", "address_group", ["name": "a", "addresses": ["192.0.2.7/24", "2001:db8::1"]])
        #expect(addresses["addresses"] == ["192.0.2.0/24", "2001:db8::1/128"])
        let (id, path) = (addresses["id"] ?? .null, network + "address-groups/" + (addresses["id"]?.string ?? ""))
        let group = try await stage.made("security-groups", "security_group", ["name": "g"])["id"] ?? .null
        let rule: JSON = ["security_group_id": group, "direction": "ingress", "remote_address_group_id": id]
        let made = try await stage.made("security-group-rules", "security_group_rule", rule)
        try await stage.settle()
        var spec = try #require(stage.world.fabric.state.groups[ID(group.string ?? "")])
        #expect(spec.addressGroups[ID(id.string ?? "")] == [Prefix("192.0.2.0/24")!, Prefix("2001:db8::1")!])
        #expect(spec.rules.contains { $0.remoteAddresses?.text == id.string })

        let more: JSON = ["addresses": ["198.51.100.0/24"]]
        #expect(await stage.send(.stranger, .put, path + "/add_addresses", more).status == 404)
        #expect(await stage.send(.member, .put, path + "/add_addresses", more).status == 200)
        #expect(
            await stage.send(.member, .put, path + "/remove_addresses", ["addresses": ["2001:db8::1"]]).status == 200)
        #expect(
            await stage.send(.member, .put, path + "/remove_addresses", ["addresses": ["2001:db8::1"]]).status == 404)
        #expect(await stage.send(.member, .put, path + "/add_addresses", ["addresses": ["ten"]]).status == 400)
        let many: [JSON] = (0...500).map { .string("10.0.\($0 / 256).\($0 % 256)") }
        #expect(await stage.send(.member, .put, path + "/add_addresses", ["addresses": .array(many)]).status == 400)
        try await stage.settle()
        spec = try #require(stage.world.fabric.state.groups[ID(group.string ?? "")])
        #expect(
            spec.addressGroups[ID(id.string ?? "")] == [Prefix("192.0.2.0/24")!, Prefix("198.51.100.0/24")!])

        #expect(await stage.send(.member, .delete, path).status == 409)
        let both: JSON = [
            "security_group_id": group, "direction": "ingress", "remote_address_group_id": id, "remote_group_id": group,
        ]
        #expect(
            await stage.send(.member, .post, network + "security-group-rules", ["security_group_rule": both]).status
                == 400)
        let theirs =
            try await stage.made("security-groups", "security_group", ["name": "g"], as: .stranger)["id"] ?? .null
        let foreign: JSON = ["security_group_id": theirs, "direction": "ingress", "remote_address_group_id": id]
        #expect(
            await stage.send(.stranger, .post, network + "security-group-rules", ["security_group_rule": foreign])
                .status
                == 404)
        let rulePath = network + "security-group-rules/" + (made["id"]?.string ?? "")
        #expect(await stage.send(.member, .delete, rulePath).status == 204)
        #expect(await stage.send(.member, .delete, path).status == 204)
    }

    @Test("new groups begin with the operator's rules, the default ones of new projects too")
    func templates() async throws {
        let stage = try await Stage()
        let path = network + "default-security-group-rules"
        let there = await stage.send(.member, .get, path).json["default_security_group_rules"]?.array ?? []
        #expect(there.count == 4 && there.count { $0["remote_group_id"] == "PARENT" } == 2)
        let body: JSON = [
            "direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
            "used_in_default_sg": true, "used_in_non_default_sg": false,
        ]
        #expect(await stage.send(.member, .post, path, ["default_security_group_rule": body]).status == 403)
        let made = try await stage.made(
            "default-security-group-rules", "default_security_group_rule", body, as: .operator)
        // Said twice, it is given once.
        let again = try await stage.made(
            "default-security-group-rules", "default_security_group_rule", body, as: .operator)
        let project = try await stage.cloud.identity.enlist(
            user: "late", password: Stage.password, project: "late", role: .member, dice: stage.world.dice)
        let port = try await stage.made(
            "networks", "network", ["name": "n", "tenant_id": .string(project.text)], as: .operator)
        _ = try await stage.made(
            "ports", "port", ["network_id": port["id"] ?? .null, "tenant_id": .string(project.text)],
            as: .operator)
        let list = await stage.send(.operator, .get, network + "security-group-rules?project_id=\(project.text)")
        let rules = list.json["security_group_rules"]?.array ?? []
        #expect(rules.count == 5 && rules.contains { $0["port_range_min"] == 22 }, "\(list.text)")

        // Groups that people make are not default ones, and those that are there keep what they have.
        let group = try await stage.made("security-groups", "security_group", ["name": "g"])
        #expect(group["security_group_rules"]?.array?.count == 2)
        #expect(
            await stage.send(.operator, .delete, path + "/" + (made["id"]?.string ?? "")).status == 204)
        for it in there + [again] {
            #expect(await stage.send(.operator, .delete, path + "/" + (it["id"]?.string ?? "")).status == 204)
        }
        // They do not come back with the next start.
        try await stage.cloud.begin()
        #expect(await stage.send(.member, .get, path).json["default_security_group_rules"] == [])
    }

    @Test("a group is stateless or not before ports are in it")
    func stateless() async throws {
        let stage = try await Stage()
        let group = try await stage.made("security-groups", "security_group", ["name": "g", "stateful": false])
        let (id, path) = (group["id"] ?? .null, network + "security-groups/" + (group["id"]?.string ?? ""))
        #expect(group["stateful"] == false)
        try await stage.settle()
        #expect(stage.world.fabric.state.groups[ID(id.string ?? "")]?.isStateful == false)
        #expect(await stage.send(.member, .put, path, ["security_group": ["stateful": true]]).status == 200)
        let net = try await stage.make("network", for: .member)
        let port = try await stage.made("ports", "port", ["network_id": .string(net), "security_groups": [id]])
        let busy = await stage.send(.member, .put, path, ["security_group": ["stateful": false]])
        #expect(busy.status == 409, "\(busy.text)")
        #expect(
            await stage.send(.member, .delete, network + "ports/" + (port["id"]?.string ?? "")).status == 204)
        #expect(await stage.send(.member, .put, path, ["security_group": ["stateful": false]]).status == 200)
    }
}
