import CloudCore
import CloudWire
import Testing

extension Stage {
    /// What there is where an operator chose defaults: the topology of the project that a path names.
    func makeTopology(_ path: String) async throws(CloudError) {
        let outside = try await make("external_network", for: .operator)
        let network = "/network/v2.0/"
        let set: JSON = ["network": ["is_default": true]]
        _ = await send(.operator, .put, network + "networks/\(outside)", set)
        let pool: JSON = ["name": "p", "prefixes": ["10.60.0.0/16"], "is_default": true, "shared": true]
        _ = await send(.operator, .post, network + "subnetpools", ["subnetpool": pool])
        let made = await send(.operator, .get, path)
        guard made.status == 200 else { throw .fault("no topology: \(made.text)") }
        try await settle()
    }

    /// What the network service made of an order; it must be a success.
    func made(_ path: String, _ key: String, _ body: JSON, as actor: Actor = .member) async throws -> JSON {
        let answer = await send(actor, .post, "/network/v2.0/" + path, [key: body])
        try #require(answer.status == 201, "\(path): \(answer.text)")
        return answer.json[key] ?? .null
    }
}
