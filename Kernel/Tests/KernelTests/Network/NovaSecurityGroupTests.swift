import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Security groups in Nova's words")
struct NovaSecurityGroupTests {
    private static func compute(_ stage: Stage, _ path: String) -> String {
        "/compute/v2.1/\(stage.projects[.member]!)\(path)"
    }

    private static func server(_ stage: Stage, groups: [JSON]) async throws -> (status: Int, id: String) {
        let flavor = try await stage.make("flavor", for: .member)
        let image = try await stage.make("image", for: .member)
        let network = try await stage.make("network", for: .member)
        let subnet: JSON = ["subnet": ["network_id": .string(network), "cidr": "10.3.0.0/24", "ip_version": 4]]
        _ = await stage.send(.member, .post, "/network/v2.0/subnets", subnet)
        let answer = await stage.send(
            .member, .post, compute(stage, "/servers"),
            [
                "server": [
                    "name": "web", "flavorRef": .string(flavor), "imageRef": .string(image),
                    "networks": [["uuid": .string(network)]], "security_groups": .array(groups),
                ]
            ])
        try await stage.settle()
        return (answer.status, answer.json["server"]?["id"]?.string ?? "")
    }

    private static func group(_ stage: Stage, _ name: JSON) async -> String {
        let made = await stage.send(
            .member, .post, compute(stage, "/os-security-groups"),
            ["security_group": ["name": name, "description": "d"]])
        return made.json["security_group"]?["id"]?.string ?? ""
    }

    @Test("a server is in the groups that its order names, joins others and leaves them, and keeps them from going")
    func membership() async throws {
        let stage = try await Stage()
        let (first, second) = (await Self.group(stage, "one"), await Self.group(stage, "two"))
        let (status, id) = try await Self.server(stage, groups: [["name": "one"]])
        #expect(status == 202)
        func names() async -> [String] {
            let shown = await stage.send(.member, .get, Self.compute(stage, "/servers/\(id)")).json
            return shown["server"]?["security_groups"]?.array?.compactMap { $0["name"]?.string } ?? []
        }
        #expect(await names() == ["one"])
        let action = Self.compute(stage, "/servers/\(id)/action")
        #expect(await stage.send(.member, .post, action, ["addSecurityGroup": ["name": .string(second)]]).status == 202)
        #expect(await names() == ["one", "two"])
        let path = Self.compute(stage, "/os-security-groups/\(first)")
        #expect(await stage.send(.member, .delete, path).status == 400)
        #expect(await stage.send(.member, .post, action, ["removeSecurityGroup": ["name": "one"]]).status == 202)
        #expect(await names() == ["two"])
        #expect(await stage.send(.member, .post, action, ["removeSecurityGroup": ["name": "one"]]).status == 404)
        try await stage.settle()
        #expect(await stage.send(.member, .delete, path).status == 202)
        let port = try #require(stage.world.fabric.state.ports.values.first { !$0.groups.isEmpty })
        #expect(port.groups == [ID(second)])
    }

    @Test("what an order names and is not one group of one's own is refused")
    func refusals() async throws {
        let stage = try await Stage()
        _ = await (Self.group(stage, "twin"), Self.group(stage, "twin"))
        #expect(try await Self.server(stage, groups: [["name": "none"]]).status == 400)
        #expect(try await Self.server(stage, groups: [["name": "twin"]]).status == 409)
        let foreign = try await stage.make("security_group", for: .stranger)
        #expect(try await Self.server(stage, groups: [["name": .string(foreign)]]).status == 400)
    }

    @Test("a rule is the same in both dialects, and the newer versions of compute have none of this")
    func rules() async throws {
        let stage = try await Stage()
        let group = await Self.group(stage, "web")
        let added = await stage.send(
            .member, .post, Self.compute(stage, "/os-security-group-rules"),
            [
                "security_group_rule": [
                    "parent_group_id": .string(group), "ip_protocol": "tcp", "from_port": 80, "to_port": 80,
                    "cidr": "192.0.2.0/24",
                ]
            ])
        #expect(added.status == 200, "\(added.text)")
        let id = added.json["security_group_rule"]?["id"]?.string ?? ""
        let shown = await stage.send(.member, .get, "/network/v2.0/security-group-rules/\(id)").json
        #expect(shown["security_group_rule"]?["remote_ip_prefix"] == "192.0.2.0/24")
        #expect(shown["security_group_rule"]?["port_range_max"] == 80)
        let path = Self.compute(stage, "/os-security-groups/\(group)")
        #expect(await stage.send(.member, .get, path).json["security_group"]?["rules"]?.array?.count == 1)
        let newer = ["openstack-api-version": "compute 2.36"]
        #expect(await stage.send(.member, .get, path, headers: newer).status == 404)
        #expect(
            await stage.send(.member, .delete, Self.compute(stage, "/os-security-group-rules/\(id)")).status == 202)
        #expect(await stage.send(.member, .get, path).json["security_group"]?["rules"] == [])
    }
}
