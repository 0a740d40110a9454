import CloudCompute
import CloudCore
@testable import CloudNetwork
import CloudSim
import CloudWire
import Testing

/// Two tenants on a stage: `member` owns a network 10.7.0.0/24, which `stranger`'s server is to be on.
struct Pair {
    let stage: Stage
    let network: String
    let subnet: String
    let server: String

    static let requests = "/provider-connectivity/v2.0/tenant_connection_requests"
    static let connections = "/provider-connectivity/v2.0/tenant_connections"
    static let operations = "/provider-connectivity/v2.0/operations"

    init() async throws {
        stage = try await Stage()
        let made = await stage.send(.member, .post, "/network/v2.0/networks", ["network": ["name": "shop"]])
        network = try #require(made.json["network"]?["id"]?.string)
        let cut = await stage.send(
            .member, .post, "/network/v2.0/subnets",
            ["subnet": ["network_id": .string(network), "cidr": "10.7.0.0/24", "ip_version": 4]])
        subnet = try #require(cut.json["subnet"]?["id"]?.string)
        server = try await stage.make("server", for: .stranger)
    }

    func offer() async throws -> (request: String, approval: String) {
        try await stage.offer(to: .stranger, from: .member, network: network)
    }

    func grant() async throws -> String { try await stage.grant(to: .stranger, from: .member, network: network) }

    func answer(_ actor: Actor, _ approval: String, _ status: String) async -> Response {
        await stage.send(actor, .put, "/sss/v2/approval-requests/" + approval, ["status": .string(status)])
    }

    /// Asks for a connection of the other tenant's server; `changes` replace what is usually sent.
    func connect(
        _ request: String, _ changes: [String: JSON] = [:], as actor: Actor = .stranger
    ) async -> Response {
        let usual: [String: JSON] = [
            "tenant_connection_request_id": .string(request), "device_type": "ECL::Compute::Server",
            "device_id": .string(server),
        ]
        let body: JSON = ["tenant_connection": .object(usual.merging(changes) { $1 })]
        return await stage.send(actor, .post, Self.connections, body)
    }

    /// A connection that has come into being: its id and its port's.
    func connected(_ request: String, _ changes: [String: JSON] = [:]) async throws -> (id: String, port: String) {
        let answer = await connect(request, changes)
        try #require(answer.status == 200, "\(answer.text)")
        try await stage.settle()
        let made = answer.json["tenant_connection"]
        return (try #require(made?["id"]?.string), try #require(made?["port_id"]?.string))
    }

    func show(_ id: String, as actor: Actor = .stranger) async -> Response {
        await stage.send(actor, .get, Self.connections + "/" + id)
    }

    func status(_ id: String) async -> String { await show(id).json["tenant_connection"]?["status"]?.string ?? "none" }

    func act(_ body: JSON) async throws {
        let path = "/compute/v2.1/\(stage.projects[.stranger]!)/servers/\(server)/action"
        let answer = await stage.send(.stranger, .post, path, body)
        try #require(answer.status == 202, "\(answer.text)")
        try await later()
    }

    /// Lets what waits a little while go on.
    func later(_ pause: Duration = .seconds(40)) async throws {
        try await stage.settle()
        stage.world.clock.advance(pause)
        try await stage.settle()
    }

    /// The ports of the cards that the other tenant's guest has.
    var cards: Set<String> {
        let guests = stage.world.hypervisor.guests.values.compactMap { $0[ID(server)] }
        return Set(guests.flatMap(\.spec.nics).map(\.port))
    }
}
